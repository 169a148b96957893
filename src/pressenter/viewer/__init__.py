"""The viewer: web components that show a recorded journey, in the studio and in a report that is one file."""
