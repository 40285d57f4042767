character_length({{ column|ident }}) >= {{ min|number }}
{%- if max is not none %} AND character_length({{ column|ident }}) <= {{ max|number }}{% endif %}
