"""Names the intent of each turn and sends it to the router or to the teacher."""
