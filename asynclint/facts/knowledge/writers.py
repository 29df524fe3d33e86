"""Methods of web handlers that write out what they are given, and refuse a coroutine.

See https://www.tornadoweb.org/en/stable/web.html#tornado.web.RequestHandler.write: `write` accepts only bytes, text and
dicts, and raises TypeError for anything else.
"""

WRITERS = frozenset({"tornado.web.RequestHandler.write", "tornado.web.RequestHandler.finish"})
