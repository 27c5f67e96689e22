"""Pictures of results: scene (what to draw), presenter (results at t -> scene), vispy (how)."""
