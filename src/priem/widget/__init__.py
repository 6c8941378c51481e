"""What amoCRM embeds. docs/reference/amocrm.md §5

package/      manifest, script, style and texts as amoCRM reads them; the hub's address is filled in when it is packed
pictures.py   the images that a widget needs, drawn here
packing.py    all of it → widget.zip
rules.py      what amoCRM's moderators look at
"""
