"""The playground: a page on which formulas and programs are drawn, explained, practised and graded as one types.

Python runs in the browser, in WebAssembly, so there is nothing to install and no server but one for files. The page is
in the folder `page`; `answers` is what Python answers it there; `site` is all of it as files, for any host.
"""
