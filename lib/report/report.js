'use strict';
/* Sorting by a click on a column's title, and a search of sections with long tables. The page is complete without it. No ampersand and no
   less-than sign: the page is well-formed XML. */
for (const table of document.querySelectorAll('main table')) {
  if (2 > table.querySelectorAll('tbody tr:not(.of)').length) continue;
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, at) => {
    const cell = row.cells[at], text = cell ? cell.textContent.trim() : '';
    if (!heads[at].classList.contains('n')) return text.toLowerCase();
    const number = parseFloat(text.replace('\u2212', '-'));
    return isNaN(number) ? -Infinity : number;
  };
  heads.forEach((head, at) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const ascending = head.ariaSort === 'descending' ? true : head.ariaSort === 'ascending' ? false : !head.classList.contains('n');
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      for (const body of table.tBodies) {
        const rows = [...body.rows].filter(row => !row.classList.contains('of')).map(row => [value(row, at), row]);
        rows.sort(([a], [b]) => a === b ? 0 : (a > b) === ascending ? 1 : -1);
        body.append(...rows.map(([, row]) => row));
      }
    });
  });
}
for (const section of document.querySelectorAll('main section')) {
  const rows = [...section.querySelectorAll('tbody tr:not(.of)')].filter(row => row.closest('.figures') ? false : row.closest('tbody').rows.length > 11);
  if (!rows.length) continue;
  const texts = rows.map(row => row.textContent.toLowerCase());
  const label = document.createElement('label'), input = document.createElement('input'), found = document.createElement('span');
  input.type = 'search';
  found.setAttribute('role', 'status');
  label.className = 'find';
  label.append('Search ', input, ' ', found);
  section.querySelector('h2').after(label);
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let count = 0;
    rows.forEach((row, at) => {
      row.hidden = !texts[at].includes(wanted);
      if (!row.hidden) count++;
    });
    found.textContent = wanted ? count + ' of ' + rows.length + ' rows' : '';
    for (const details of section.querySelectorAll('details:not(.figures)'))
      details.open = wanted ? details.querySelectorAll('tbody tr:not([hidden])').length > 0 : false;
  });
}
