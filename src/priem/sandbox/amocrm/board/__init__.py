"""The page at `/`: pipelines as a board, cards, live."""
