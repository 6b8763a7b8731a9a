"""Pure builders: a Group becomes a Pod and a Service, a Unit a container. Not built yet."""
