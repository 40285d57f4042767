{{ status|ident }} NOT IN ({% for n in numbers %}{{ n|number }}{% if not loop.last %}, {% endif %}{% endfor %})
