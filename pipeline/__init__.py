"""The spine: configuration, graph, artifacts and runs. It knows nothing of Korean, tokens or weights."""
