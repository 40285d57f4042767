{% if min is not none %}{{ column|ident }} >= CAST({{ min|text }} AS {{ sql_type|author }}){% endif %}
{% if min is not none and max is not none %} AND {% endif %}
{% if max is not none %}{{ column|ident }} <= CAST({{ max|text }} AS {{ sql_type|author }}){% endif %}
