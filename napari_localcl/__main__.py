"""``python -m napari_localcl`` is the command ``napari-localcl``."""

from napari_localcl.cli import main

if __name__ == "__main__":
    main()
