"""Pages of amoCRM that hold a widget: a lead's card, the list, the settings."""
