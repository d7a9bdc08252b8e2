"""The only place that makes Pulumi resources for modules: what they say, turned into what is there."""
