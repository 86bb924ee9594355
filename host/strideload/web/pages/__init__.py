"""The pages. Each module has `routes(doors)`, the addresses of one page and of its parts."""
