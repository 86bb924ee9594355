"""The REST API, /api/v1: what the pages show, for programs. A module a matter, each with `routes(doors)`."""
