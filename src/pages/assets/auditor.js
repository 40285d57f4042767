(() => {
'use strict';
const PAGE = 100;
const source = document.getElementById('data');
const root = document.getElementById('browser');
if (!source || !root) return;
const data = JSON.parse(source.textContent);
source.textContent = '';
const at = Object.fromEntries(data.columns.map((name, place) => [name, place]));
const SEVERITIES = ['blocking', 'error', 'warn', 'info'];
const STATUSES = ['new', 'reopened', 'ongoing', 'waived', 'resolved'];
const EMPTY = { q: '', sort: '', group: '', page: 1, open: '' };
const NONE = '(none)';

// ---- Words -------------------------------------------------------------------------------------------------------

/** A text with every character that acts on a reader shown as an escape; line breaks stay. */
function visible(text) {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => c === '\t' ? '\\t' : c === '\r' ? '\\r' : '\\u{' + c.codePointAt(0).toString(16) + '}');
}
const numbers = new Intl.NumberFormat('en-GB');
const count = (n) => numbers.format(n);
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

/** `2017-10-09` as `9 October 2017`. */
function day(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  if (!parts) return text;
  const date = new Date(Date.UTC(+parts[1], +parts[2] - 1, +parts[3]));
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(date);
}

/** An element with attributes and children; children are elements or texts, never HTML. */
function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === '') continue;
    made.append(child instanceof Node ? child : visible(String(child)));
  }
  return made;
}

// ---- Rows --------------------------------------------------------------------------------------------------------

const word = (row, column) => data.words[row[at[column]]] || '';
const ruleOf = (row) => data.rules[row[at.rule]];

/** Where a row stands in its file. */
function place(row) {
  const file = word(row, 'file');
  const sheet = word(row, 'sheet');
  const line = row[at.line];
  return file + (sheet ? ` [${sheet}]` : '') + (line ? `:${line}` : '');
}

/** What can be filtered and grouped by, and the value of a row there. */
const FACETS = {
  severity: { title: 'Severity', of: (row) => ruleOf(row).severity, order: SEVERITIES },
  status: { title: 'Status', of: (row) => word(row, 'status'), order: STATUSES },
  rule: { title: 'Rule', of: (row) => ruleOf(row).id },
  table: { title: 'Table', of: (row) => ruleOf(row).table || NONE },
  dimension: { title: 'Dimension', of: (row) => ruleOf(row).dimension },
  category: { title: 'Category', of: (row) => ruleOf(row).category },
  column: { title: 'Column', of: (row) => word(row, 'column') || NONE },
};
const GROUPS = { ...FACETS, file: { title: 'File', of: (row) => word(row, 'file') || NONE }, record: { title: 'Record', of: (row) => word(row, 'record_key') || NONE } };

const COLUMNS = [
  { key: 'severity', title: 'Severity', of: (row) => SEVERITIES.indexOf(ruleOf(row).severity) },
  { key: 'status', title: 'Status', of: (row) => STATUSES.indexOf(word(row, 'status')) },
  { key: 'rule', title: 'Rule', of: (row) => ruleOf(row).id },
  { key: 'record', title: 'Record', of: (row) => word(row, 'record_key') },
  { key: 'column', title: 'Column', of: (row) => word(row, 'column') },
  { key: 'place', title: 'Place', of: (row) => [word(row, 'file'), word(row, 'sheet'), row[at.line] || 0] },
  { key: 'observed', title: 'Observed', of: (row) => word(row, 'observed') },
  { key: 'expected', title: 'Expected', of: (row) => word(row, 'expected') },
  { key: 'action', title: 'Action', of: (row) => word(row, 'action') },
];

const SEARCHED = ['id', 'status', 'record_key', 'column', 'file', 'sheet', 'observed', 'expected', 'suggestion', 'cleaned', 'cause', 'waiver', 'message'];
const lower = data.words.map((text) => text.toLowerCase());
const lowerRules = data.rules.map((rule) => [rule.id, rule.severity, rule.table, rule.category, rule.dimension].join('\u0000').toLowerCase());
const byId = new Map(data.rows.map((row, place) => [word(row, 'id'), place]));

/** Whether every word of the search stands in one of the row's texts. */
function matches(row, needles) {
  return needles.every((needle) => lowerRules[row[at.rule]].includes(needle)
    || SEARCHED.some((name) => lower[row[at[name]]].includes(needle))
    || (needle.includes(':') && place(row).toLowerCase().includes(needle)));
}

const collator = new Intl.Collator('en-GB', { numeric: true });

function compare(one, other) {
  if (Array.isArray(one)) {
    for (let i = 0; i < one.length; i += 1) {
      const order = compare(one[i], other[i]);
      if (order) return order;
    }
    return 0;
  }
  return typeof one === 'number' ? one - other : collator.compare(one, other);
}

// ---- State in the address ----------------------------------------------------------------------------------------

let state = read();
let opened = new Set();

/** What the address says; unknown names are ignored. */
function read() {
  const text = location.hash.slice(1);
  const said = { ...EMPTY };
  for (const facet of Object.keys(FACETS)) said[facet] = [];
  if (!text.includes('=') || document.getElementById(decode(text))) return said;
  for (const [key, value] of new URLSearchParams(text)) {
    if (key === 'page') said.page = Math.max(1, parseInt(value, 10) || 1);
    else if (Object.hasOwn(FACETS, key)) said[key] = value.split(',').map(decode).filter((v) => v !== '');
    else if (key === 'group') said.group = Object.hasOwn(GROUPS, value) ? value : '';
    else if (key === 'sort') said.sort = COLUMNS.some((c) => c.key === value.replace(/^-/, '')) ? value : '';
    else if (Object.hasOwn(EMPTY, key)) said[key] = value;
  }
  return said;
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** The address of a state. */
function address(of) {
  const parts = [];
  for (const [key, value] of Object.entries(of)) {
    if (Array.isArray(value)) {
      if (value.length) parts.push(`${key}=${encodeURIComponent(value.map(encodeURIComponent).join(','))}`);
    } else if (value !== EMPTY[key]) parts.push(`${key}=${encodeURIComponent(value)}`);
  }
  return parts.join('&');
}

/** Changes the state, the address and what is shown; `push` makes a step that the back button undoes. */
function change(part, push) {
  const next = { ...state, ...part };
  if (!('page' in part) && !('open' in part)) next.page = 1;
  state = next;
  const hash = address(state);
  const url = `#${hash || 'discrepancies'}`;
  if (push) history.pushState(null, '', url);
  else history.replaceState(null, '', url);
  show();
}

// ---- Selecting ---------------------------------------------------------------------------------------------------

let selected = [];
let counts = {};

/** Filters, counts of each filter's values among what the others leave, and order. */
function select() {
  const needles = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = Object.entries(FACETS).map(([name, facet]) => [name, facet, new Set(state[name])]);
  counts = Object.fromEntries(wanted.map(([name]) => [name, new Map()]));
  selected = [];
  data.rows.forEach((row, index) => {
    if (needles.length && !matches(row, needles)) return;
    const values = wanted.map(([, facet]) => facet.of(row));
    let missed = -1;
    for (let i = 0; i < wanted.length; i += 1) {
      const set = wanted[i][2];
      if (set.size && !set.has(values[i])) {
        if (missed >= 0) return;
        missed = i;
      }
    }
    wanted.forEach(([name], i) => {
      if (missed >= 0 && missed !== i) return;
      counts[name].set(values[i], (counts[name].get(values[i]) || 0) + 1);
    });
    if (missed < 0) selected.push(index);
  });
  const column = COLUMNS.find((c) => c.key === state.sort.replace(/^-/, ''));
  if (column) {
    const keys = new Map(selected.map((index) => [index, column.of(data.rows[index])]));
    const sign = state.sort.startsWith('-') ? -1 : 1;
    selected.sort((a, b) => sign * compare(keys.get(a), keys.get(b)) || a - b);
  }
}

// ---- What is always there ----------------------------------------------------------------------------------------

const search = el('input', { id: 'search', type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: later });
const grouping = el('select', { id: 'grouping', onchange: () => change({ group: grouping.value }) },
  el('option', { value: '' }, 'nothing'),
  Object.entries(GROUPS).map(([name, { title }]) => el('option', { value: name }, title.toLowerCase())));
const told = el('p', { class: 'told', role: 'status', 'aria-live': 'polite' });
const facets = el('div', { class: 'facets' });
const results = el('div', { class: 'results' });
const spoken = el('p', { class: 'hidden', role: 'status', 'aria-live': 'polite', id: 'spoken' });
let timer = 0;

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => change({ q: search.value }), 150);
}

root.append(
  el('form', { class: 'tools screen', role: 'search', 'aria-label': 'Discrepancies', onsubmit: (event) => event.preventDefault() },
    el('div', { class: 'tool grow' }, el('label', { for: 'search' }, 'Search: all words in any order'), search),
    el('div', { class: 'tool' }, el('label', { for: 'grouping' }, 'Group by'), grouping),
    el('button', { type: 'button', class: 'clear', onclick: clear }, 'Clear all')),
  facets, told, results, spoken);

function clear() {
  search.value = '';
  const nothing = Object.fromEntries(Object.keys(FACETS).map((name) => [name, []]));
  opened = new Set();
  change({ ...EMPTY, ...nothing }, true);
}

/** The values of a filter: those there are among the other filters' rows, and those that are chosen. */
function facetValues(name) {
  const values = new Map(counts[name]);
  for (const chosen of state[name]) if (!values.has(chosen)) values.set(chosen, 0);
  const { order } = FACETS[name];
  const list = [...values];
  if (order) list.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  else list.sort((a, b) => b[1] - a[1] || collator.compare(a[0], b[0]));
  return list;
}

/** Filters keep their elements' focus and what is folded open while their counts follow. */
function showFacets() {
  const focused = document.activeElement && facets.contains(document.activeElement) ? document.activeElement.id : '';
  const unfolded = new Set([...facets.querySelectorAll('details[open]')].map((d) => d.dataset.facet));
  facets.replaceChildren(...Object.entries(FACETS).map(([name, { title }]) => {
    const chosen = new Set(state[name]);
    const boxes = facetValues(name).map(([value, n], index) => el('label', { class: 'choice' },
      el('input', {
        type: 'checkbox', id: `f-${name}-${index}`, 'data-value': value, checked: chosen.has(value),
        onchange: () => {
          if (chosen.has(value)) chosen.delete(value); else chosen.add(value);
          change({ [name]: [...chosen] }, true);
        },
      }), el('span', { class: 'value' }, value), el('span', { class: 'soft' }, ` ${count(n)}`)));
    const some = chosen.size ? ` (${chosen.size} chosen)` : '';
    return el('details', { class: 'facet screen', 'data-facet': name, open: unfolded.has(name) },
      el('summary', {}, `${title}${some}`),
      el('fieldset', {}, el('legend', { class: 'hidden' }, title), el('div', { class: 'choices' }, boxes)));
  }));
  if (focused) document.getElementById(focused)?.focus();
}

// ---- The table ---------------------------------------------------------------------------------------------------

function heading(column) {
  const dir = state.sort === column.key ? 'ascending' : state.sort === `-${column.key}` ? 'descending' : 'none';
  const next = dir === 'ascending' ? `-${column.key}` : dir === 'descending' ? '' : column.key;
  const sign = dir === 'ascending' ? ' ▲' : dir === 'descending' ? ' ▼' : '';
  return el('th', { scope: 'col', 'aria-sort': dir },
    el('button', { type: 'button', class: 'sort', 'data-sort': column.key, onclick: () => { change({ sort: next }, true); refocus(`[data-sort="${column.key}"]`); } },
      column.title, el('span', { 'aria-hidden': 'true' }, sign)));
}

function refocus(selector) {
  results.querySelector(selector)?.focus();
}

function cell(title, child, kind) {
  return el('td', { 'data-title': title, class: kind }, child);
}

/** A text that is cut where it is long; opened discrepancies show it whole. */
function brief(text) {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

function line(index) {
  const row = data.rows[index];
  const rule = ruleOf(row);
  const id = word(row, 'id');
  const isOpen = state.open === id;
  const shown = el('tr', { id: `r-${id}`, class: isOpen ? 'opened' : undefined },
    cell('Severity', el('span', { class: `severity ${rule.severity}` }, rule.severity)),
    cell('Status', word(row, 'status')),
    el('th', { scope: 'row', 'data-title': 'Rule' },
      el('button', { type: 'button', class: 'open', 'aria-expanded': String(isOpen), 'aria-controls': isOpen ? 'details' : undefined, onclick: () => toggle(id) },
        rule.id, el('span', { class: 'hidden' }, `, ${word(row, 'record_key')}, ${isOpen ? 'close' : 'open'} details`))),
    cell('Record', el('bdi', {}, brief(word(row, 'record_key')))),
    cell('Column', word(row, 'column')),
    cell('Place', el('span', { class: 'mono' }, brief(place(row)))),
    cell('Observed', el('bdi', {}, brief(word(row, 'observed')))),
    cell('Expected', el('bdi', {}, brief(word(row, 'expected')))),
    cell('Action', word(row, 'action')));
  return isOpen ? [shown, el('tr', { class: 'details' }, el('td', { colspan: COLUMNS.length }, details(row)))] : [shown];
}

function toggle(id) {
  const closing = state.open === id;
  change({ open: closing ? '' : id }, true);
  if (closing) refocus(`#r-${id} .open`);
  else focusDetails();
}

function focusDetails() {
  const opened = document.getElementById('details');
  if (!opened) return;
  opened.focus({ preventScroll: true });
  opened.closest('tr').previousElementSibling.scrollIntoView({ block: 'start' });
}

function table(indices, title) {
  return el('div', { class: 'scroll', tabindex: '-1' }, el('table', { class: 'log' },
    el('caption', { class: 'hidden' }, title),
    el('thead', {}, el('tr', {}, COLUMNS.map(heading))),
    el('tbody', {}, indices.flatMap(line))));
}

function pager(pages, where) {
  const go = (page, words) => el('button', {
    type: 'button', 'data-page': `${where}-${words}`, disabled: page < 1 || page > pages || page === state.page,
    onclick: () => { change({ page }, true); results.querySelector('table')?.scrollIntoView({ block: 'start' }); refocus(`[data-page="${where}-${words}"]`); },
  }, words);
  return el('nav', { class: 'pager screen', 'aria-label': `Pages of discrepancies, ${where}` },
    go(1, 'First'), go(state.page - 1, 'Previous'),
    el('span', {}, `Page ${count(state.page)} of ${count(pages)}`),
    go(state.page + 1, 'Next'), go(pages, 'Last'));
}

/** The rows of each group, the groups in the order of their first rows or of their words. */
function grouped() {
  const { of, order } = GROUPS[state.group];
  const groups = new Map();
  for (const index of selected) {
    const value = of(data.rows[index]);
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(index);
  }
  const list = [...groups];
  if (order) list.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  else list.sort((a, b) => b[1].length - a[1].length || collator.compare(a[0], b[0]));
  return list;
}

function groupOf([value, indices]) {
  const holds = indices.some((index) => word(data.rows[index], 'id') === state.open);
  if (holds) opened.add(value);
  const isOpen = opened.has(value);
  const first = holds ? Math.floor(indices.findIndex((i) => word(data.rows[i], 'id') === state.open) / PAGE) * PAGE : 0;
  const body = () => {
    const shown = indices.slice(first, first + PAGE);
    const more = indices.length - shown.length;
    const narrow = () => change({ group: '', [state.group]: [value] }, true);
    const rest = more > 0 && Object.hasOwn(FACETS, state.group)
      ? el('button', { type: 'button', class: 'screen', onclick: narrow }, `Show all ${count(indices.length)} in pages`)
      : more > 0 ? el('p', { class: 'soft' }, `${plural(more, 'more is', 'more are')} not shown here: search for it.`) : null;
    return [table(shown, `${GROUPS[state.group].title} ${value}`), rest];
  };
  const made = el('details', { class: 'group', open: isOpen },
    el('summary', {}, el('bdi', {}, brief(value)), ` — ${plural(indices.length, 'discrepancy', 'discrepancies')}`),
    isOpen ? body() : null);
  made.addEventListener('toggle', () => {
    if (made.open) opened.add(value); else opened.delete(value);
    if (made.open && made.childElementCount === 1) made.append(...body().filter(Boolean));
  });
  return made;
}

const MOST_GROUPS = 500;

function show() {
  select();
  if (document.activeElement !== search) search.value = state.q;
  grouping.value = state.group;
  showFacets();
  const all = data.told < data.total ? ` of ${count(data.told)} told here; the log has ${count(data.total)}` : ` of ${count(data.total)}`;
  told.textContent = `${plural(selected.length, 'discrepancy', 'discrepancies')}${all}.`;
  if (!selected.length) {
    results.replaceChildren(el('p', { class: 'none' }, data.rows.length ? 'None fits: take a filter away, or clear all.' : 'There is none.'));
    return;
  }
  if (state.group) {
    const groups = grouped();
    const rest = groups.length > MOST_GROUPS ? el('p', { class: 'soft' }, `${count(groups.length - MOST_GROUPS)} more groups are not shown: search or filter.`) : null;
    results.replaceChildren(...groups.slice(0, MOST_GROUPS).map(groupOf), ...(rest ? [rest] : []));
    return;
  }
  const pages = Math.max(1, Math.ceil(selected.length / PAGE));
  if (state.page > pages) state.page = pages;
  const from = (state.page - 1) * PAGE;
  const shown = selected.slice(from, from + PAGE);
  const parts = [table(shown, 'Discrepancies')];
  if (pages > 1) parts.unshift(pager(pages, 'above')), parts.push(pager(pages, 'below'));
  results.replaceChildren(...parts);
}

// ---- A discrepancy -----------------------------------------------------------------------------------------------

function fact(list, name, value) {
  if (value === '' || value === null || value === undefined) return;
  list.append(el('dt', {}, name), el('dd', {}, value instanceof Node ? value : el('bdi', {}, value)));
}

function section(title, ...children) {
  const inside = children.flat().filter(Boolean);
  return inside.length ? el('section', {}, el('h4', {}, title), inside) : null;
}

/** A command, ready to copy. */
function command(text, what) {
  const code = el('code', {}, text);
  return el('div', { class: 'command' }, el('pre', { tabindex: '0', role: 'group', 'aria-label': what }, code),
    el('button', { type: 'button', class: 'copy screen', onclick: () => copy(text, code, what) }, 'Copy', el('span', { class: 'hidden' }, ` ${what}`)));
}

async function copy(text, code, what) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    try { done = document.execCommand('copy'); } catch { done = false; }
  }
  spoken.textContent = done ? `Copied: ${what}.` : `Selected: ${what}. Press Ctrl+C to copy.`;
}

/** A word of a shell's command line, quoted. */
const quoted = (text) => /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;

/** The date 90 days after the run's. */
function inNinetyDays() {
  const [year, month, date] = data.run.as_of.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, date + 90)).toISOString().slice(0, 10);
}

function delivered(row) {
  const place = row[at.record];
  const record = place === null || place === undefined ? null : data.records[place];
  if (!record) return null;
  const { columns } = data.tables[record.table];
  const failed = word(row, 'column');
  return el('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'The record as it was delivered' }, el('table', { class: 'record' },
    el('tbody', {}, columns.map((name, i) => el('tr', { class: name === failed ? 'failed' : undefined },
      el('th', { scope: 'row' }, name, name === failed ? el('span', { class: 'mark' }, '← this cell') : null),
      el('td', {}, el('bdi', {}, data.words[record.cells[i]] || '')))))));
}

function details(row) {
  const rule = ruleOf(row);
  const id = word(row, 'id');
  const title = 'details-title';
  const where = el('dl', {});
  fact(where, 'Table', rule.table || 'none: it is about totals or the delivery');
  fact(where, 'Record', word(row, 'record_key'));
  fact(where, 'Column', word(row, 'column'));
  fact(where, 'Place', place(row));
  const happened = el('dl', {});
  fact(happened, 'Observed', word(row, 'observed'));
  fact(happened, 'Expected', word(row, 'expected'));
  fact(happened, 'Difference', word(row, 'difference'));
  fact(happened, 'Suggestion', word(row, 'suggestion'));
  fact(happened, 'What was done', word(row, 'action'));
  fact(happened, 'In the clean table', word(row, 'cleaned'));
  fact(happened, 'Likely cause', word(row, 'cause'));
  const life = el('dl', {});
  fact(life, 'Status', word(row, 'status'));
  fact(life, 'First seen in run', word(row, 'first_seen'));
  fact(life, 'Last seen in run', word(row, 'last_seen'));
  fact(life, 'Waiver', word(row, 'waiver'));
  fact(life, 'Id', id);
  const about = el('dl', {});
  fact(about, 'Rule', rule.id);
  fact(about, 'Why', rule.why);
  fact(about, 'Expects', rule.expected);
  fact(about, 'Kind', rule.kind);
  fact(about, 'Dimension', rule.dimension);
  fact(about, 'Declared at', rule.place);
  fact(about, 'Version', rule.version);
  const group = word(row, 'group');
  const members = group ? data.rows.filter((other) => other !== row && word(other, 'group') === group && ruleOf(other) === rule).slice(0, 20) : [];
  const drawn = document.getElementById(`s-${id}`);
  const file = word(row, 'file');
  const isText = row[at.line] && !word(row, 'sheet') && /\.(csv|tsv|txt|json|jsonl|ndjson)$/i.test(file);
  const waive = `trueup waive ${id} --reason '…' --requested-by '…' --approved-by '…' --expires ${inNinetyDays()} --evidence '…'`;
  const status = word(row, 'status');
  const waivable = rule.waivable !== false && status !== 'resolved' && status !== 'waived';
  return el('div', { id: 'details', class: 'details', role: 'region', 'aria-labelledby': title, tabindex: '-1', onkeydown: (event) => { if (event.key === 'Escape') toggle(id); } },
    el('div', { class: 'head' }, el('h3', { id: title }, word(row, 'message') || rule.id),
      el('button', { type: 'button', class: 'close screen', onclick: () => toggle(id) }, 'Close')),
    drawn ? el('p', {}, el('a', { href: `#s-${id}` }, 'See this statement drawn, with its figures')) : null,
    el('div', { class: 'parts' },
      section('Before and after', happened),
      section('Where', where),
      section('History', life),
      section('The rule', about)),
    section('The record as it was delivered', delivered(row)),
    members.length ? section('Others of its group', el('ul', {}, members.map((other) => el('li', {},
      el('a', { href: `#open=${word(other, 'id')}` }, `${word(other, 'record_key')}, ${place(other)}`))))) : null,
    rule.sql ? section(rule.language === 'SQL' ? 'Its SQL' : 'What it says', el('pre', { tabindex: '0' }, el('code', {}, rule.sql))) : null,
    section('Look closer', command(`trueup explain ${id}`, 'the command that explains it'),
      isText ? command(`sed -n ${row[at.line]}p ${quoted(file)}`, 'the command that shows the line, in the folder of the delivery') : null),
    waivable
      ? section('Accept it for a time', el('p', { class: 'soft' }, `Fill in why, who asked, who approved and where the evidence is. It ends on ${day(inNinetyDays())} unless you say otherwise.`),
        command(waive, 'the command that waives it'))
      : status === 'waived' || status === 'resolved' ? null
        : section('Accept it for a time', el('p', {}, 'What this rule finds cannot be waived.')));
}

// ---- Places of the page ------------------------------------------------------------------------------------------

/** Opens what folds a place of the page, so that a link to it shows it. */
function reveal() {
  const place = document.getElementById(decode(location.hash.slice(1)));
  if (!place) return;
  for (let outer = place; outer; outer = outer.parentElement) if (outer.tagName === 'DETAILS') outer.open = true;
  place.scrollIntoView({ block: 'start' });
}

/** What the address says is shown: at the beginning, when it is changed by hand or link, and when going back. */
function follow() {
  const before = state.open;
  const text = decode(location.hash.slice(1));
  if (text && document.getElementById(text)) { reveal(); if (text !== 'discrepancies') return; }
  state = read();
  if (state.open && byId.has(state.open)) {
    select();
    const place = byId.get(state.open);
    if (!selected.includes(place)) {
      state = { ...state, ...Object.fromEntries(Object.keys(FACETS).map((name) => [name, []])), q: '' };
      select();
    }
    if (!state.group) state.page = Math.floor(selected.indexOf(place) / PAGE) + 1;
  } else if (state.open) {
    const missing = state.open;
    state.open = '';
    show();
    told.textContent = `Discrepancy ${visible(missing).slice(0, 60)} is not told in this page: trueup explain ${visible(missing).slice(0, 60)} shows it. ${told.textContent}`;
    return;
  }
  show();
  if (state.open && state.open !== before) focusDetails();
}

addEventListener('hashchange', follow);
state.open = '';
follow();
document.documentElement.dataset.ready = 'true';
})();
