"""Sphinx configuration of channelsim's documentation."""

import logging
import os

# As plain Python the kernels keep their signatures and docstrings, and the build compiles nothing.
os.environ["NUMBA_DISABLE_JIT"] = "1"

from importlib.metadata import version as installed_version
from importlib.util import find_spec

from sphinx.ext.napoleon import NumpyDocstring

project = "channelsim"
author = "The channelsim authors"
copyright = "2026, The channelsim authors"
release = installed_version("channelsim")
version = release

extensions = [
    "myst_nb",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints", "**/README.md"]
html_theme = "furo"
html_title = f"channelsim {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]

# A folder of pages may be empty for a while (no notebook yet, say). Sphinx 9.0 gives this warning no type by
# which suppress_warnings could name it.
logging.getLogger("sphinx.sphinx.directives.other").addFilter(
    lambda record: getattr(record, "subtype", None) != "empty_glob"
)
# Fields of the same name in several tables are no mistake.
suppress_warnings = ["ref.python"]

# The tests execute the notebooks; the documentation shows the outputs stored in them.
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# The API pages are written from the installed package, one page a module; they take most of a build's time.
_package = find_spec("channelsim")
if _package is None or not _package.submodule_search_locations:
    raise RuntimeError("the documentation needs the installed package: make docs")
apidoc_modules = [
    {
        "path": next(iter(_package.submodule_search_locations)),
        "destination": "reference/api",
        "separate_modules": True,
        "module_first": True,
        "automodule_options": ["members", "show-inheritance"],
    }
]
if os.environ.get("CHANNELSIM_DOCS_WITHOUT_API") == "1":
    apidoc_modules = []
# With __all__ a name re-exported by the package would be documented twice.
autodoc_default_options = {"ignore-module-all": True, "member-order": "bysource"}
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_numpy_docstring = True
napoleon_use_ivar = True


def read_attributes_as_text(app, what, name, obj, options, lines):
    """Keep napoleon from taking 'a: b' in the docstring of an attribute for a type, and read its sections."""
    if what in {"attribute", "data", "property"} and lines:
        lines[:] = NumpyDocstring(list(lines), app.config, app, "method", name, obj, options).lines()
        lines[0] = f": {lines[0]}"


def fill_generated_parts(app, docname, source):
    """Put the declarations of the code in the place of the marks on the reference pages."""
    if docname.startswith("reference/"):
        from channelsim.reference import fill

        source[0] = fill(source[0])


def setup(app):
    app.connect("source-read", fill_generated_parts)
    app.connect("autodoc-process-docstring", read_attributes_as_text, priority=400)
