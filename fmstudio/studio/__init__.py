"""The application without Qt: store, planner, results, playback, commands, joined in a session."""
