"""CSS: style sheets to rules, rules and elements to computed styles."""
