"""Pictures of models: what is drawn, where it stands, and in which format."""
