"""The studio: a page on which a network is seen while it is written.

The page (its sources are in `studio/` of the repository, its built files in `page/`) asks one question at a time, as an
object, and is answered with an object. `answers` turns question to answer by the functions of the language server,
`views` by those of the backends, `questions` has the document that is asked about; `worker` is a process that does so
within limits of memory, `workers` keeps some of these warm and bounds their time; `file` is the one file on disk;
`safety` lets in who may ask; `routes` puts these together. On a web site the page asks the same `answers`, in the
browser's own Python, and nothing else of this folder.
"""
