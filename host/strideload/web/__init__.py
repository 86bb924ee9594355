"""The page that a runner sees at home: server-rendered, quiet, and served from here alone."""
