"""«История запросов»: every request to and from the outside systems, in words.

sorts     what a request was about
masking   what it carried, without who anybody is
search    pages by filters, which stay fast however long the history is
wording   a row in words
retrying  deciding anew on what a request was about
keeping   how long what is kept, and what is never deleted
views     the page
"""
