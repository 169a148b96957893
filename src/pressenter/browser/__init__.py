"""The browser: address bar, history, navigation, fetching, pages.

The stages of the page (html, css, layout, paint) know no network and not each other's
successors; only this folder ties them together.
"""
