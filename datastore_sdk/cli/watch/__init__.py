"""Live view of wells in the terminal: feed (receives), model (keeps the content), view (draws lines), screen."""
