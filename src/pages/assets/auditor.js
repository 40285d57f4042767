// The table of discrepancies: built inside #browser from the data in the page. Every value reaches the page as text.
(() => {
  'use strict';

  const PAGE = 100; // rows of a page, and of a group at a time
  const PRINTED = 500; // most rows on paper
  const OPTIONS = 300; // most values of a filter that are listed
  const BRIEF = 240; // characters of a value in the table
  const WHOLE = 10000; // characters of a value in the details
  const LISTED = 12; // most related discrepancies that are listed
  const WAIT = 200; // milliseconds after the last key before a search
  const ACTS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;
  const ORDERS = {
    severity: ['blocking', 'error', 'warn', 'info'],
    status: ['new', 'reopened', 'ongoing', 'waived', 'resolved'],
  };
  const STATUSES = {
    new: 'found in this run and never before',
    ongoing: 'found before, and still there',
    reopened: 'it was gone and is there again, or its waiver holds no longer',
    resolved: 'there in the run before, and not found in this one',
    waived: 'there, and covered by a waiver that holds',
  };
  const COLUMNS = [
    ['severity', 'Severity'], ['status', 'Status'], ['rule', 'Rule'], ['record', 'Record'], ['column', 'Column'],
    ['place', 'Place'], ['observed', 'Observed'], ['expected', 'Expected'], ['action', 'Action'], ['message', 'Message'],
  ];
  const FACETS = [
    ['severity', 'Severity', true], ['status', 'Status', true], ['dimension', 'Dimension', true],
    ['table', 'Table'], ['category', 'Category'], ['column', 'Column'], ['rule', 'Rule'],
  ];
  const GROUPS = [['', 'nothing'], ['rule', 'rule'], ['table', 'table'], ['severity', 'severity'], ['status', 'status'],
    ['file', 'file'], ['record', 'record']];
  const NONE = { table: 'totals and the delivery', column: 'no column', record: 'no record', file: 'no file' };

  const browser = document.getElementById('browser');
  const section = document.getElementById('discrepancies') || browser;
  const $ = (id) => document.getElementById(id);
  const integers = new Intl.NumberFormat('en-GB');
  const number = (n) => integers.format(n);
  const counted = (n, one, more) => `${number(n)} ${n === 1 ? one : more}`;

  // ---- Text and elements

  /** A text in which what acts on a reader is shown as an escape. */
  function visible(text) {
    return String(text ?? '').replace(ACTS, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
  }

  /** A text of at most so many characters, and how much is left out. */
  function cut(text, most) {
    if (text.length <= most) return text;
    return `${text.slice(0, most)}… (${number(text.length - most)} more characters)`;
  }

  /** An element with attributes and children; a text is only ever text. */
  function el(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') made.addEventListener(key, value);
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? '' : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
    return made;
  }

  /** A name that may break behind its dots and underscores, or a path behind its folders. */
  function breakable(text, behind = /(?<=[._|/])/) {
    return cut(text, BRIEF).split(behind).flatMap((part, at) => (at ? [el('wbr'), part] : [part]));
  }

  /** A date as British readers write it. */
  function british(date) {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
  }

  /** A word of a shell's command. */
  function quoted(word) {
    const safe = word.startsWith('-') ? `./${word}` : word;
    return /^[\w./@%+:,-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
  }

  // ---- The data

  /** Reads the data and makes rows of it: texts by place, facts by rule. */
  function read() {
    const data = JSON.parse($('data').textContent);
    const words = data.words.map(visible);
    const at = Object.fromEntries(data.columns.map((name, place) => [name, place]));
    const rules = data.rules.map((rule) => {
      const texts = Object.entries(rule).map(([key, value]) => [key, typeof value === 'string' ? visible(value) : value]);
      return Object.fromEntries(texts);
    });
    const blank = { id: '', severity: '', dimension: '', category: '', table: '', kind: '', column: '', why: '', sql: '' };
    const rows = data.rows.map((cells, place) => ({ place, cells, rule: rules[cells[at.rule]] || blank }));
    const text = (row, name) => words[row.cells[at[name]]] || '';
    return { ...data, words, at, rules, rows, text, byId: new Map(rows.map((row) => [text(row, 'id'), row])) };
  }

  let data;

  /** What stands in a column of the table, what a filter or a group goes by. */
  const VALUES = {
    severity: (row) => row.rule.severity,
    status: (row) => data.text(row, 'status'),
    rule: (row) => row.rule.id,
    table: (row) => row.rule.table,
    dimension: (row) => row.rule.dimension,
    category: (row) => row.rule.category,
    record: (row) => data.text(row, 'record_key'),
    column: (row) => data.text(row, 'column'),
    file: (row) => data.text(row, 'file'),
    place: (row) => {
      const sheet = data.text(row, 'sheet');
      const line = row.cells[data.at.line];
      return data.text(row, 'file') + (sheet && ` (${sheet})`) + (line === null || line === undefined ? '' : `:${line}`);
    },
    observed: (row) => data.text(row, 'observed'),
    expected: (row) => data.text(row, 'expected'),
    action: (row) => data.text(row, 'action'),
    message: (row) => data.text(row, 'message'),
  };

  /** A key of the records' groups: one key may be in several tables. */
  const groupOf = (by, row) => (by === 'record' ? `${row.rule.table}\n${VALUES.record(row)}` : VALUES[by](row));

  /** A value as it is named to readers. */
  const named = (key, value) => value || NONE[key] || 'none';

  // ---- The state, which is the address

  const beginning = () => ({ q: '', sort: '', group: '', page: 1, open: '', in: [], filters: new Map() });
  let state = beginning();

  /** The state that a fragment tells; what is unknown is ignored. */
  function stateOf(fragment) {
    const found = beginning();
    const decode = (part) => {
      try { return decodeURIComponent(part.replaceAll('+', ' ')); } catch { return part; }
    };
    for (const pair of fragment.split('&')) {
      const [key, ...rest] = pair.split('=');
      const parts = rest.join('=').split(',').map(decode);
      if (!rest.length) continue;
      if (FACETS.some(([name]) => name === key)) found.filters.set(key, new Set(parts));
      else if (key === 'in') found.in = parts;
      else if (key === 'q' || key === 'open') found[key] = parts.join(',');
      else if (key === 'page') found.page = Math.max(1, Number.parseInt(parts[0], 10) || 1);
      else if (key === 'group' && GROUPS.some(([name]) => name === parts[0])) found.group = parts[0];
      else if (key === 'sort' && COLUMNS.some(([name]) => name === sorting(parts[0]).key)) found.sort = parts[0];
    }
    return found;
  }

  /** The column and direction of a sort; `line` is the place. */
  function sorting(sort) {
    const down = sort.startsWith('-');
    const key = down ? sort.slice(1) : sort;
    return { key: key === 'line' ? 'place' : key, down };
  }

  /** The fragment of a state: what differs from the beginning. */
  function fragmentOf(wanted) {
    const encode = (values) => values.map(encodeURIComponent).join(',');
    const parts = [];
    if (wanted.q) parts.push(`q=${encodeURIComponent(wanted.q)}`);
    for (const [key] of FACETS) if (wanted.filters.get(key)?.size) parts.push(`${key}=${encode([...wanted.filters.get(key)])}`);
    if (wanted.sort) parts.push(`sort=${encodeURIComponent(wanted.sort)}`);
    if (wanted.group) parts.push(`group=${wanted.group}`);
    if (wanted.in.length) parts.push(`in=${encode(wanted.in)}`);
    if (wanted.page > 1) parts.push(`page=${wanted.page}`);
    if (wanted.open) parts.push(`open=${encodeURIComponent(wanted.open)}`);
    return parts.join('&');
  }

  /** Changes the state, the address and the table; `push` makes a step that the back button undoes. */
  function change(changes, push) {
    state = { ...state, ...changes };
    const fragment = fragmentOf(state);
    const address = fragment ? `#${fragment}` : '#discrepancies';
    if (push) history.pushState({ table: true }, '', address);
    else history.replaceState({ table: true }, '', address);
    render();
  }

  /** A change of what is looked for: from the first page on, with nothing open. */
  const look = (changes) => change({ page: 1, open: '', in: [], ...changes }, false);

  // ---- Search, filter, sort, group

  let lowered; // every text in small letters, made for the first search
  let ranks; // the order of every text, made for the first sort

  /** For each word that is looked for, whether a row has it; words of a search must all be there. */
  function searcher() {
    const tokens = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    if (!tokens.length) return () => true;
    lowered ??= data.words.map((word) => word.toLowerCase());
    const numeric = new Set(['rule', 'line', 'row', 'record'].map((name) => data.at[name]));
    const tests = tokens.map((token) => {
      const hits = lowered.map((word) => word.includes(token));
      const facts = ['id', 'severity', 'dimension', 'category', 'table', 'kind'];
      const inRule = new Map(data.rules.map((rule) => [rule, facts.some((fact) => String(rule[fact]).toLowerCase().includes(token))]));
      const inRecord = (data.records || []).map((record) => record.cells.some((cell) => hits[cell]));
      return (row) => inRule.get(row.rule) || row.cells.some((cell, at) => hits[cell] && !numeric.has(at))
        || inRecord[row.cells[data.at.record]] || (token.includes(':') && VALUES.place(row).toLowerCase().includes(token));
    });
    return (row) => tests.every((test) => test(row));
  }

  /** The rows that pass, and for each filter how many there would be of each value if that filter were not. */
  function filtered() {
    const found = searcher();
    const counts = new Map(FACETS.map(([key]) => [key, new Map()]));
    const active = FACETS.map(([key]) => ({ key, value: VALUES[key], chosen: state.filters.get(key) }));
    const rows = [];
    for (const row of data.rows) {
      if (!found(row)) continue;
      const failing = active.filter(({ value, chosen }) => chosen?.size && !chosen.has(value(row)));
      if (failing.length > 1) continue;
      if (!failing.length) rows.push(row);
      for (const { key, value } of failing.length ? failing : active) {
        const of = counts.get(key);
        of.set(value(row), (of.get(value(row)) || 0) + 1);
      }
    }
    return { rows: sorted(rows), counts };
  }

  /** The rows in the order asked for; the log's order where they tie. */
  function sorted(rows) {
    const { key, down } = sorting(state.sort);
    if (!key) return rows;
    const rank = ranker(key);
    const ranked = rows.map((row) => [rank(row), row]);
    ranked.sort(([a, x], [b, y]) => (down ? compare(b, a) : compare(a, b)) || x.place - y.place);
    return ranked.map(([, row]) => row);
  }

  /** How rows compare in a column: by severity's and status's own order, else by text with numbers as numbers. */
  function ranker(key) {
    if (ORDERS[key]) return (row) => [(ORDERS[key].indexOf(VALUES[key](row)) + 9) % 9];
    const collator = new Intl.Collator('en-GB', { numeric: true });
    if (key === 'rule') {
      const order = new Map([...data.rules].sort((a, b) => collator.compare(a.id, b.id)).map((rule, place) => [rule, place]));
      return (row) => [order.get(row.rule) ?? -1];
    }
    if (!ranks) {
      ranks = new Int32Array(data.words.length);
      [...data.words.keys()].sort((a, b) => collator.compare(data.words[a].slice(0, 200), data.words[b].slice(0, 200)))
        .forEach((word, rank) => { ranks[word] = rank; });
    }
    const column = data.at[{ record: 'record_key', place: 'file' }[key] || key];
    if (key === 'place') return (row) => [ranks[row.cells[column]], row.cells[data.at.line] ?? -1];
    return (row) => [ranks[row.cells[column]]];
  }

  function compare(a, b) {
    for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return a[at] - b[at];
    return 0;
  }

  /** The rows in groups: severities and statuses in their own order, others by how many there are. */
  function grouped(rows) {
    const groups = new Map();
    for (const row of rows) {
      const key = groupOf(state.group, row);
      if (groups.has(key)) groups.get(key).push(row);
      else groups.set(key, [row]);
    }
    const order = ORDERS[state.group];
    const list = [...groups].map(([key, members]) => ({ key, members }));
    return list.sort((a, b) => (order ? order.indexOf(a.key) - order.indexOf(b.key) : b.members.length - a.members.length));
  }

  // ---- The controls

  const controls = new Map(); // what is changed again: by filter, its options and what tells of it

  /** Everything inside #browser, once. */
  function build() {
    const field = (id, label, control) => el('div', { class: `field ${id}` }, el('label', { for: id }, label), control);
    const select = (id, options, changed) => el('select', { id, change: (event) => changed(event.target.value) },
      options.map(([value, label]) => el('option', { value }, label)));
    const sorts = [['', 'the log’s order'], ...COLUMNS.flatMap(([key, label]) => [[key, label], [`-${key}`, `${label}, last first`]])];
    let waiting;
    const search = el('input', { id: 'search', type: 'search', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'search-hint',
      input: (event) => { clearTimeout(waiting); waiting = setTimeout(() => look({ q: event.target.value }), WAIT); } });
    browser.append(
      el('form', { class: 'controls screen', role: 'search', 'aria-label': 'Discrepancies', submit: (event) => { event.preventDefault(); clearTimeout(waiting); look({ q: search.value }); } },
        el('div', { class: 'line' },
          field('search', 'Search', search),
          field('grouping', 'Group by', select('grouping', GROUPS, (group) => change({ group, page: 1, open: '', in: [] }, true))),
          field('sort', 'Sort by', select('sort', sorts, (sort) => look({ sort }))),
          el('button', { type: 'button', id: 'clear', click: () => { clearTimeout(waiting); change(beginning(), true); $('search').focus(); } }, 'Clear all')),
        el('p', { class: 'soft hint', id: 'search-hint' }, 'Searches all texts, and the records as they were delivered. Words parted by spaces must all be there.'),
        el('div', { class: 'facets' }, FACETS.filter(([, , short]) => short).map((facet) => filter(...facet))),
        el('div', { class: 'facets long' }, FACETS.filter(([, , short]) => !short).map((facet) => filter(...facet)))),
      el('p', { id: 'found', class: 'told', role: 'status' }),
      el('p', { id: 'chosen' }),
      table(),
      el('nav', { id: 'pages', class: 'screen', 'aria-label': 'Pages of discrepancies', hidden: true }),
      el('p', { id: 'said', class: 'hidden', role: 'status' }));
  }

  /** A filter: a checkbox for each value, the short ones in sight, the long ones to be opened. */
  function filter(key, label, short) {
    const totals = new Map();
    for (const row of data.rows) totals.set(VALUES[key](row), (totals.get(VALUES[key](row)) || 0) + 1);
    for (const value of state.filters.get(key) || []) if (!totals.has(value)) totals.set(value, 0);
    const order = ORDERS[key];
    const values = [...totals.keys()].sort((a, b) => (order ? order.indexOf(a) - order.indexOf(b) : totals.get(b) - totals.get(a) || (a < b ? -1 : 1)));
    const options = new Map();
    const list = el('div', { class: 'options' }, values.slice(0, OPTIONS).map((value) => option(key, value, options)));
    const more = values.length > OPTIONS ? el('p', { class: 'soft' }, `${number(values.length - OPTIONS)} more; search for their names.`) : null;
    const fieldset = el('fieldset', { class: short ? '' : 'listed' }, el('legend', { class: short ? '' : 'hidden' }, label), list, more);
    const tally = el('span', { class: 'soft' });
    controls.set(key, { options, list, tally });
    if (short) return fieldset;
    return el('details', {}, el('summary', {}, label, ' ', tally), fieldset);
  }

  /** A checkbox with its count. */
  function option(key, value, options) {
    const count = el('span', { class: 'count' });
    const name = key === 'severity' ? severity(value) : el('span', {}, breakable(named(key, value)));
    const box = el('input', { type: 'checkbox', value, change: (event) => {
      const chosen = new Set(state.filters.get(key));
      if (event.target.checked) chosen.add(value); else chosen.delete(value);
      look({ filters: new Map(state.filters).set(key, chosen) });
    } });
    const label = el('label', {}, box, name, ' ', count);
    options.set(value, { label, box, count });
    return label;
  }

  /** Brings the controls to the state, with the counts of what each value would show. */
  function tell(counts) {
    if ($('search').value !== state.q && document.activeElement !== $('search')) $('search').value = state.q;
    $('grouping').value = state.group;
    const { key, down } = sorting(state.sort);
    $('sort').value = key && `${down ? '-' : ''}${key}`;
    for (const [name, { options, list, tally }] of controls) {
      const chosen = state.filters.get(name) || new Set();
      for (const value of chosen) if (!options.has(value)) list.prepend(option(name, value, options));
      let some = 0;
      for (const [value, { label, box, count }] of options) {
        const there = counts.get(name).get(value) || 0;
        some += there > 0;
        box.checked = chosen.has(value);
        count.textContent = number(there);
        label.classList.toggle('empty', !there);
        label.hidden = !there && !box.checked && options.size > 12;
      }
      tally.textContent = chosen.size ? `${number(chosen.size)} chosen` : number(some);
      tally.classList.toggle('on', chosen.size > 0);
    }
    for (const [name] of COLUMNS) {
      const head = $(`by-${name}`).parentElement;
      if (name === key) head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
  }

  // ---- The table

  /** The table without its rows. Roles are written out since narrow screens show rows as cards. */
  function table() {
    const sort = (name) => {
      const { key, down } = sorting(state.sort);
      return look({ sort: key !== name ? name : down ? '' : `-${name}` });
    };
    const head = ([name, label]) => el('th', { scope: 'col', role: 'columnheader', class: `c-${name}` },
      el('button', { type: 'button', id: `by-${name}`, click: () => sort(name) }, label, el('span', { class: 'way', 'aria-hidden': 'true' })));
    return el('table', { id: 'rows', class: 'log', role: 'table', 'aria-label': 'Discrepancies', tabindex: '-1' },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, COLUMNS.map(head))),
      el('tbody', { role: 'rowgroup' }));
  }

  /** A severity: a word, with a sign before it. */
  const severity = (word) => el('span', { class: `severity v-${ORDERS.severity.includes(word) ? word : 'none'}` }, cut(word, BRIEF) || 'none');

  /** A row, with what it opens behind it if it is open. */
  function rowOf(row) {
    const id = data.text(row, 'id');
    const open = id === state.open;
    const cell = (key, ...children) => el('td', { role: 'cell', class: `c-${key}`, 'data-label': COLUMNS.find(([name]) => name === key)[1] }, ...children);
    const value = (key) => el('span', { class: 'value clamped' }, cut(VALUES[key](row), BRIEF));
    const filled = (key, child) => (VALUES[key](row) ? cell(key, child) : cell(key));
    const toggle = el('button', { type: 'button', class: 'toggle', id: `t-${id}`, 'aria-expanded': String(open), 'aria-controls': open ? 'details' : null,
      'aria-label': cut(`Details of ${row.rule.id}${VALUES.record(row) && `, ${VALUES.record(row)}`}, ${row.rule.severity}`, BRIEF), click: () => toggled(id) });
    const made = el('tr', { role: 'row', id: `r-${id}`, class: open ? 'row is-open' : 'row', click: (event) => clicked(event, id) },
      cell('severity', toggle, severity(row.rule.severity)),
      cell('status', cut(VALUES.status(row), BRIEF)),
      cell('rule', el('span', { class: 'mono' }, breakable(row.rule.id))),
      filled('record', el('span', { class: 'mono' }, breakable(VALUES.record(row)))),
      filled('column', el('span', { class: 'mono' }, breakable(VALUES.column(row)))),
      filled('place', el('span', { class: 'mono' }, breakable(VALUES.place(row), /(?<=\/)|(?=:)/))),
      filled('observed', value('observed')),
      filled('expected', value('expected')),
      filled('action', cut(VALUES.action(row), BRIEF)),
      filled('message', el('span', { class: 'clamped' }, cut(VALUES.message(row), BRIEF * 2))));
    return open ? [made, el('tr', { role: 'row', class: 'opened' }, el('td', { role: 'cell', colspan: COLUMNS.length }, details(row)))] : [made];
  }

  /** A click into a row opens it, unless it selects text. */
  function clicked(event, id) {
    if (event.target.closest('button,a') || String(getSelection())) return;
    toggled(id);
  }

  /** Opens a discrepancy, or closes it; the focus goes there and comes back. */
  function toggled(id) {
    const open = state.open === id ? '' : id;
    change({ open }, true);
    if (open) $('details-title')?.focus();
    else $(`t-${id}`)?.focus();
  }

  /** A group's heading, and its rows if it is open. */
  function groupRows({ key, members }) {
    const at = state.in.indexOf(key);
    const name = state.group === 'record' ? [named('record', key.split('\n')[1]), key.split('\n')[0]].filter(Boolean).join(' in ') : named(state.group, key);
    const tally = ORDERS.severity.map((word) => [word, members.filter((row) => row.rule.severity === word).length]).filter(([, n]) => n);
    const shown = at < 0 ? [] : members.slice(0, more.get(key) || PAGE);
    const flip = () => {
      change({ in: at < 0 ? [...state.in, key] : state.in.filter((other) => other !== key), open: '' }, false);
      document.querySelector(`[data-group="${CSS.escape(key)}"]`)?.focus();
    };
    const next = () => { more.set(key, shown.length + PAGE); render(); $(`t-${data.text(members[shown.length], 'id')}`)?.focus(); };
    const cells = (child, kind) => el('tr', { role: 'row', class: kind }, el('td', { role: 'cell', colspan: COLUMNS.length }, child));
    return [
      cells([el('button', { type: 'button', class: 'flip', 'data-group': key, 'aria-expanded': String(at >= 0), click: flip },
        el('span', { class: ['rule', 'record', 'file', 'table'].includes(state.group) ? 'mono' : '' }, breakable(name)), ' ', el('b', {}, number(members.length))),
      el('span', { class: 'tally soft' }, tally.map(([word, n]) => el('span', {}, severity(word), tally.length > 1 ? ` ${number(n)}` : '')))], 'group'),
      ...shown.flatMap(rowOf),
      shown.length && shown.length < members.length
        ? cells(el('button', { type: 'button', click: next }, `Show the next ${number(Math.min(PAGE, members.length - shown.length))} of ${number(members.length)}`), 'more') : null,
    ].filter(Boolean);
  }

  const more = new Map(); // how many rows of a group are shown

  /** The buttons of the pages: the first, the last and those around. */
  function pager(pages) {
    const nav = $('pages');
    nav.hidden = pages < 2;
    const go = (page) => () => { change({ page, open: '' }, true); $('rows').focus({ preventScroll: true }); $('found').scrollIntoView({ block: 'start' }); };
    const button = (label, page, attributes) => el('button', { type: 'button', click: go(page), disabled: page < 1 || page > pages, ...attributes }, label);
    const near = [...new Set([1, state.page - 1, state.page, state.page + 1, pages])].filter((page) => page >= 1 && page <= pages);
    const numbers = near.flatMap((page, at) => [
      at && near[at - 1] < page - 1 ? el('span', { 'aria-hidden': 'true' }, '…') : null,
      button(number(page), page, { 'aria-label': `Page ${number(page)} of ${number(pages)}`, 'aria-current': page === state.page ? 'page' : null })]);
    nav.replaceChildren(...[button('Previous', state.page - 1, { class: 'way' }), ...numbers, button('Next', state.page + 1, { class: 'way' })].filter(Boolean));
  }

  /** Shows what the state asks for. */
  function render() {
    const { rows, counts } = reachable();
    const groups = state.group ? grouped(rows) : null;
    reveal(rows, groups);
    const list = groups || rows;
    const pages = Math.max(1, Math.ceil(list.length / PAGE));
    state.page = Math.min(state.page, pages);
    const from = (state.page - 1) * PAGE;
    const shown = list.slice(from, from + PAGE);
    tell(counts);
    document.querySelector('#rows tbody').replaceChildren(...shown.flatMap(groups ? groupRows : rowOf));
    $('rows').hidden = !rows.length;
    pager(pages);
    const of = rows.length === data.rows.length ? '' : ` of ${number(data.rows.length)}`;
    const whole = `${number(rows.length)}${of} ${data.rows.length === 1 ? 'discrepancy' : 'discrepancies'}`;
    const part = pages > 1 ? `, ${groups ? 'groups' : 'rows'} ${number(from + 1)}–${number(from + shown.length)} shown` : '';
    $('found').textContent = rows.length
      ? `${whole}${groups ? ` in ${counted(groups.length, 'group', 'groups')}` : ''}${part}`
      : `No discrepancy fits. ${data.rows.length ? 'Take a filter off, or clear all.' : 'This page holds none.'}`;
    $('chosen').textContent = chosen();
  }

  /** What is looked for, in words; for paper, and for those who come by a link. */
  function chosen() {
    const parts = FACETS.filter(([key]) => state.filters.get(key)?.size)
      .map(([key, label]) => `${label}: ${[...state.filters.get(key)].map((value) => named(key, visible(value))).join(' or ')}`);
    if (state.q) parts.unshift(`Search: ${visible(state.q)}`);
    return cut(parts.join('; '), BRIEF);
  }

  /** The rows that pass; filters that hide the discrepancy that is open are dropped. */
  function reachable() {
    const row = data.byId.get(state.open);
    const found = filtered();
    if (!row || found.rows.includes(row)) return found;
    state = { ...beginning(), open: state.open, sort: state.sort };
    history.replaceState({ table: true }, '', `#${fragmentOf(state)}`);
    return filtered();
  }

  /** Turns to the page, and opens the group, of the discrepancy that is open. */
  function reveal(rows, groups) {
    const row = data.byId.get(state.open);
    if (!row) return;
    if (!groups) {
      state.page = Math.floor(rows.indexOf(row) / PAGE) + 1;
      return;
    }
    const key = groupOf(state.group, row);
    const at = groups.findIndex((group) => group.key === key);
    state.page = Math.floor(at / PAGE) + 1;
    if (!state.in.includes(key)) state.in = [...state.in, key];
    more.set(key, Math.max(more.get(key) || PAGE, groups[at].members.indexOf(row) + 1));
  }

  // ---- A discrepancy's details

  /** Everything that the page holds of a discrepancy. */
  function details(row) {
    const id = data.text(row, 'id');
    const close = () => toggled(id);
    return el('section', { id: 'details', 'aria-labelledby': 'details-title', keydown: (event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } } },
      el('div', { class: 'head' },
        el('h3', { id: 'details-title', tabindex: '-1' }, severity(row.rule.severity), ' ', el('span', { class: 'mono' }, breakable(row.rule.id))),
        el('button', { type: 'button', class: 'close screen', click: close }, 'Close')),
      el('p', { class: 'says' }, cut(VALUES.message(row), WHOLE)),
      drawn(id),
      el('div', { class: 'parts' },
        part('Before and after', amends(row)),
        part('Where it stands', place(row)),
        part('Why it matters', reason(row)),
        part('The record as delivered', record(row), 'wide'),
        part('History', past(row)),
        part('In the same group', related(row, 'group', (other) => data.text(other, 'group'))),
        part('Of the same record', related(row, 'record', (other) => VALUES.record(other) && groupOf('record', other))),
        part('The rule', rule(row), 'wide'),
        part('Waive it', waiver(row), 'wide')));
  }

  /** A part of the details with its heading; none where there is nothing to say. */
  function part(title, content, kind) {
    const children = [content].flat().filter(Boolean);
    return children.length ? el('div', { class: kind || '' }, el('h4', {}, title), children) : null;
  }

  /** Names with values, those without a value left out. */
  function facts(pairs) {
    const told = pairs.filter(([, value]) => value && (!Array.isArray(value) || value.length));
    return told.length ? el('dl', { class: 'facts' }, told.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
  }

  const valued = (text, kind) => text && el('span', { class: `value ${kind || ''}` }, cut(text, WHOLE));

  /** A link to the place where a statement is drawn. */
  function drawn(id) {
    if (!$(`s-${id}`)) return null;
    return el('p', {}, el('a', { href: `#s-${id}` }, 'See the statement drawn, parts against whole'));
  }

  /** What was delivered, what should stand there, and what was published. */
  function amends(row) {
    const text = (name) => data.text(row, name);
    const action = text('action');
    const after = action === 'nulled' ? el('span', { class: 'soft' }, 'blank')
      : text('cleaned') && text('cleaned') === text('observed') ? 'unchanged' : valued(text('cleaned'), 'after');
    return facts([
      ['Observed', valued(text('observed'), 'before')],
      ['Expected', valued(text('expected'))],
      ['Suggestion', valued(text('suggestion'))],
      ['Difference', valued(text('difference'))],
      ['Likely cause', valued(text('cause').replaceAll('_', ' '))],
      ['Action', valued(action)],
      ['After cleaning', action === 'quarantined' ? 'the record is quarantined' : after],
    ]);
  }

  /** File and line, and the commands that show them. */
  function place(row) {
    const text = (name) => data.text(row, name);
    const line = row.cells[data.at.line];
    const file = text('file');
    const commands = [];
    // A name with an escape in it is not the file's name.
    if (Number.isInteger(line) && /\.(csv|tsv|txt|psv|json|jsonl|ndjson|xml)$/i.test(file) && !text('sheet') && !file.includes('\\u{') && file.length < BRIEF) {
      commands.push(`sed -n ${line}p ${quoted(file)}`);
    }
    if (isId(text('id'))) commands.push(`trueup explain ${text('id')}${ofRun()}`);
    return [
      facts([
        ['Place', file && el('span', { class: 'mono' }, breakable(VALUES.place(row), /(?<=\/)|(?=:)/))],
        ['Data row', Number.isInteger(row.cells[data.at.row]) && number(row.cells[data.at.row])],
        ['Table', row.rule.table && el('span', { class: 'mono' }, breakable(row.rule.table))],
        ['Record', VALUES.record(row) && el('span', { class: 'mono' }, breakable(VALUES.record(row)))],
        ['Column', VALUES.column(row) && el('span', { class: 'mono' }, breakable(VALUES.column(row)))],
      ]),
      commands.length ? [el('p', { class: 'soft' }, 'To see it, in the folder that the file’s place begins at:'), copied(commands.join('\n'), 'Copy commands', 'Commands that show it')] : null,
    ].flat();
  }

  const isId = (id) => /^[0-9a-f]{6,64}$/.test(id);
  const ofRun = () => (data.run.published ? '' : ` --run ${quoted(visible(data.run.id))}`);

  /** The record with its failing cells marked. */
  function record(row) {
    const delivered = data.records?.[row.cells[data.at.record]];
    const names = delivered && data.tables[delivered.table]?.columns;
    if (!names) return null;
    const failing = new Set(VALUES.column(row).split(/\s*[,|]\s*/));
    const cells = delivered.cells.map((word, at) => {
      const text = data.words[word] || '';
      const name = visible(names[at] ?? `column ${at + 1}`);
      const fails = failing.has(name);
      const shown = text === '[hidden]' ? el('span', { class: 'soft' }, 'hidden') : text ? valued(text) : el('span', { class: 'soft' }, 'blank');
      return el('div', { class: fails ? 'failing' : '' }, el('dt', { class: 'mono' }, breakable(name), fails ? el('strong', {}, ' fails') : ''), el('dd', {}, shown));
    });
    return el('dl', { class: 'record' }, cells);
  }

  function reason(row) {
    const { why, expected } = row.rule;
    return [el('p', {}, cut(why, WHOLE)), expected && el('p', {}, `Expected: ${cut(expected, WHOLE)}.`)];
  }

  function past(row) {
    const text = (name) => data.text(row, name);
    const status = VALUES.status(row);
    return facts([
      ['Status', `${cut(status, BRIEF)}${Object.hasOwn(STATUSES, status) ? `: ${STATUSES[status]}` : ''}`],
      ['First seen', text('first_seen') && el('code', {}, breakable(text('first_seen')))],
      ['Last seen', text('last_seen') && el('code', {}, breakable(text('last_seen')))],
      ['Waiver', text('waiver') && el('code', {}, breakable(text('waiver')))],
      ['Discrepancy', el('code', {}, breakable(text('id')))],
    ]);
  }

  /** What the rule is, where it is declared, and its SQL. */
  function rule(row) {
    const { kind, dimension, category, version, sql, language } = row.rule;
    return [
      facts([
        ['Kind', cut(kind, BRIEF)], ['Dimension', cut(dimension, BRIEF)], ['Category', cut(category, BRIEF)],
        ['Declared in', row.rule.place && el('code', {}, breakable(row.rule.place, /(?<=\/)|(?=:)/))], ['Version', version && el('code', {}, cut(version, BRIEF))],
        ['Found', Number.isInteger(row.rule.found) && el('a', { href: `#rule=${encodeURIComponent(row.rule.id)}` }, counted(row.rule.found, 'discrepancy', 'discrepancies'))],
      ]),
      sql && el('p', { class: 'soft' }, language === 'SQL' ? 'Its condition, as SQL:' : 'Its condition:'),
      sql && el('pre', { tabindex: '0', role: 'region', 'aria-label': language === 'SQL' ? 'SQL of the rule' : 'Condition of the rule' }, el('code', {}, cut(sql, WHOLE))),
    ];
  }

  /** Other discrepancies in the page that share something with this one, as links. */
  function related(row, name, key) {
    const own = key(row);
    if (!own) return null;
    const others = data.rows.filter((other) => other !== row && key(other) === own);
    if (!others.length) return null;
    const link = (other) => el('li', {}, el('a', { href: `#open=${encodeURIComponent(data.text(other, 'id'))}` },
      `${cut(other.rule.id, BRIEF)}${name === 'group' ? ` ${cut(VALUES.record(other), 80)}` : ''}`), ` ${cut(VALUES.observed(other) || VALUES.place(other), 80)}`);
    const rest = others.length - LISTED;
    return [
      el('ul', {}, others.slice(0, LISTED).map(link)),
      rest > 0 ? el('p', {}, el('a', { href: `#q=${encodeURIComponent(name === 'group' ? own : VALUES.record(row))}` }, `Find the ${number(rest)} others`)) : null,
    ];
  }

  /** How to waive it: the command, with what is to be filled in. */
  function waiver(row) {
    const id = data.text(row, 'id');
    const status = VALUES.status(row);
    if (!row.rule.waivable) return el('p', {}, 'This cannot be waived: what cannot be read is never published. It goes when the delivery is mended.');
    if (status === 'resolved') return el('p', {}, 'It is resolved: there is nothing to waive.');
    if (!isId(id)) return null;
    const [year, month, day] = String(data.run.as_of).split('-').map(Number);
    const last = new Date(Date.UTC(year, month - 1, day + 90));
    if (Number.isNaN(last.getTime())) return null;
    const command = `trueup waive ${id} --reason '…' --requested-by '…' --approved-by '…' --expires ${last.toISOString().slice(0, 10)} --evidence '…'${ofRun()}`;
    return [
      status === 'waived' ? el('p', {}, `Waiver ${cut(data.text(row, 'waiver'), BRIEF)} covers it already.`) : null,
      el('p', {}, `If it is to be accepted, fill in why, who asks, who grants it (another person) and where the evidence is kept. It would hold until ${british(last)}.`),
      copied(command, 'Copy command', 'Command that waives it'),
    ];
  }

  /** A text to copy, with its button; where nothing may be copied it is selected instead. */
  function copied(text, label, name) {
    const pre = el('pre', { tabindex: '0', role: 'region', 'aria-label': name }, el('code', {}, text));
    const button = el('button', { type: 'button', class: 'copy screen', click: async () => {
      let done = 'Copied';
      try { await navigator.clipboard.writeText(text); } catch {
        getSelection().selectAllChildren(pre);
        done = 'Selected: press Ctrl and C';
      }
      button.textContent = done;
      say(done === 'Copied' ? `Copied: ${name.toLowerCase()}.` : `${done}.`);
      setTimeout(() => { button.textContent = label; }, 3000);
    } }, label);
    return el('div', { class: 'command' }, pre, button);
  }

  /** Says something to those who listen. */
  function say(words) {
    $('said').textContent = '';
    setTimeout(() => { $('said').textContent = words; }, 50);
  }

  // ---- The address, paper, and the beginning

  /** Goes where the address says: to an element of the page, or to a state of the table. */
  function arrive(first) {
    const fragment = location.hash.slice(1);
    let name = fragment;
    try { name = decodeURIComponent(fragment); } catch { /* not an element's name */ }
    const target = fragment && !fragment.includes('=') && $(name);
    if (target && target !== section) {
      if (first) render();
      uncover(target);
      // The browser goes there by itself once all is loaded, and takes the focus off.
      if (document.readyState !== 'complete') addEventListener('load', () => setTimeout(uncover, 0, target), { once: true });
      return;
    }
    // An entry of ours is gone back to; one without our mark is a link, and shows what it leads to.
    const isLink = !history.state?.table && (fragment !== '' || !first);
    state = target ? beginning() : stateOf(fragment);
    render();
    if (fragment.includes('=') || target) history.replaceState({ table: true }, '', location.hash);
    if (state.open && data.byId.has(state.open)) show(state.open, isLink);
    else if (state.open) missing(state.open);
    else if (isLink && fragment) section.scrollIntoView({ behavior: 'instant', block: 'start' });
  }

  /** Shows an open discrepancy, and moves the focus to it. */
  function show(id, isLink) {
    const box = $('details').getBoundingClientRect();
    if (isLink || box.bottom < 0 || box.top > innerHeight) $(`r-${id}`).scrollIntoView({ behavior: 'instant', block: 'start' });
    $('details-title').focus({ preventScroll: true });
  }

  /** Says that a discrepancy is not in this page, and how to see it. */
  function missing(id) {
    const how = isId(id) ? ` See it with: trueup explain ${id}${ofRun()}` : '';
    $('found').textContent = `The discrepancy ${cut(visible(id), 80)} is not in this page.${how}`;
    section.scrollIntoView({ behavior: 'instant', block: 'start' });
  }

  /** Opens what is folded around an element, and goes there. */
  function uncover(target) {
    for (let around = target; around; around = around.parentElement) if (around.localName === 'details') around.open = true;
    target.scrollIntoView({ behavior: 'instant', block: 'start' });
    const focus = target.localName === 'details' ? target.querySelector('summary') : target;
    if (focus !== target || target.hasAttribute('tabindex')) focus.focus({ preventScroll: true });
  }

  /** On paper stand all rows that are looked for, up to a limit; without a search, the rows of the page. */
  function print() {
    const { rows } = filtered();
    if (state.group || rows.length === data.rows.length || rows.length <= PAGE) return;
    document.querySelector('#rows tbody').replaceChildren(...rows.slice(0, PRINTED).flatMap(rowOf));
    $('found').textContent = `${number(rows.length)} of ${number(data.rows.length)} discrepancies${rows.length > PRINTED ? `, the first ${number(PRINTED)} printed` : ''}`;
  }

  try {
    data = read();
    state = stateOf(location.hash.slice(1));
    build();
    addEventListener('hashchange', () => arrive(false));
    addEventListener('beforeprint', print);
    addEventListener('afterprint', render);
    arrive(true);
    document.documentElement.dataset.ready = 'yes';
  } catch (error) {
    browser.replaceChildren(el('p', {}, `The table cannot be built: ${visible(error.message)}. Use a current browser, or read discrepancies.csv beside this page.`));
  }
})();
