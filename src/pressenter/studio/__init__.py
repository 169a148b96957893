"""The studio: a web application on this computer in which a world runs, is watched, used and changed."""
