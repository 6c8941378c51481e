// The schedule: columns are doctors (a day) or days (one doctor), rows are time. Every free time is a button; arrows go
// from one to the next. A week of many doctors is a table of what is free when.

import { clock, dayAfter, dayName, make, minutesOf, roomName, say, shortName } from './frame.js';

const LEAST_HEIGHT = 26;

function scaleOf(columns) {
  const lengths = columns.flatMap((column) => column.shifts.flatMap((shift) => shift.slots.map(([from, to]) => to - from)));
  const least = lengths.length ? Math.max(5, Math.min(...lengths)) : 30;
  return Math.min(3, LEAST_HEIGHT / least);
}

function bounds(columns) {
  const every = columns.flatMap((column) => [...column.shifts.flatMap((shift) => [shift.starts, shift.ends]),
    ...column.visits.flatMap((visit) => [minutesOf(visit.starts, column.day), visit.ends ? minutesOf(visit.ends, column.day) : minutesOf(visit.starts, column.day) + 30])]);
  if (!every.length) return [540, 1080];
  return [Math.floor(Math.min(...every) / 60) * 60, Math.ceil(Math.max(...every) / 60) * 60];
}

function put(element, from, to, first, scale) {
  element.style.top = `${(from - first) * scale}px`;
  element.style.height = `${Math.max(16, (to - from) * scale - 2)}px`;
  return element;
}

// Busy times that follow each other are one block: thirty doctors have thousands of them.
function runs(slots) {
  return slots.filter(([, , free]) => !free).reduce((found, [from, to]) => {
    const last = found[found.length - 1];
    if (last && last[1] === from) last[1] = to;
    else found.push([from, to]);
    return found;
  }, []);
}

function covered(visits, day, from, to) {
  return visits.some((visit) => minutesOf(visit.starts, day) <= from && visit.ends && minutesOf(visit.ends, day) >= to);
}

function freeButton(column, shift, [from, to], scale, first, choose) {
  const label = `${clock(from)}, ${shift.name || column.title}, ${dayName(column.day)}, ${say('free')}`;
  const cell = make('button', { type: 'button', className: 'free', tabIndex: -1, textContent: clock(from), data: { from, doctor: shift.doctor, day: column.day }, attributes: { 'aria-label': label } });
  cell.addEventListener('click', () => choose({ doctor: shift.doctor, name: shift.name, room: shift.room, day: column.day, from, to, slots: shift.slots, cell }));
  return put(cell, from, to, first, scale);
}

function visitBlock(column, visit, scale, first, open, own) {
  const from = minutesOf(visit.starts, column.day);
  const to = visit.ends ? minutesOf(visit.ends, column.day) : from + 30;
  const name = visit.patient || say('patient_unknown');
  const mine = own && own.key === visit.key;
  const label = `${clock(from)}–${clock(to)}, ${name}, ${visit.status_name}`;
  const block = make('button', { type: 'button', tabIndex: -1, className: `visit-block ${visit.status}${mine ? ' own' : ''}`,
    data: { from, visit: visit.key }, title: label, attributes: { 'aria-label': label } },
  make('span', { className: 'time', textContent: clock(from) + (visit.status === 'confirmed' ? ' ✓' : '') }), make('span', { className: 'who', textContent: name }), make('span', { className: 'state', textContent: visit.status_name }));
  block.addEventListener('click', () => open(visit, block));
  return put(block, from, to, first, scale);
}

function columnOf(column, scale, first, last, options) {
  const body = make('div', { className: 'column', attributes: { role: 'group', 'aria-label': column.label } });
  body.style.height = `${(last - first) * scale}px`;
  column.shifts.forEach((shift) => {
    body.append(put(make('div', { className: 'shift', title: shift.room ? roomName(shift.room) : '' }), shift.starts, shift.ends, first, scale));
  });
  column.shifts.forEach((shift) => {
    body.append(...runs(shift.slots).filter(([from, to]) => !covered(column.visits, column.day, from, to)).map(([from, to]) => put(make('div', { className: 'busy', textContent: say('busy') }), from, to, first, scale)));
    body.append(...shift.slots.filter(([, , free]) => free).map((slot) => freeButton(column, shift, slot, scale, first, options.choose)));
  });
  body.append(...column.visits.map((visit) => visitBlock(column, visit, scale, first, options.open || (() => {}), options.own)));
  if (options.own && options.own.doctor === column.doctor && options.own.starts.startsWith(column.day) && !column.visits.length) {
    const from = minutesOf(options.own.starts, column.day);
    const to = options.own.ends ? minutesOf(options.own.ends, column.day) : from + 30;
    body.append(put(make('div', { className: 'own', textContent: `★ ${say('this_visit')}` }), from, to, first, scale));
  }
  return body;
}

function axis(first, last, scale) {
  const line = make('div', { className: 'axis', attributes: { 'aria-hidden': 'true' } });
  line.style.height = `${(last - first) * scale}px`;
  for (let hour = first; hour < last; hour += 60) line.append(put(make('span', { textContent: clock(hour) }), hour, hour + 60, first, scale));
  return line;
}

function walk(event, grid) {
  const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const now = event.target.closest('button[data-from]');
  if (!moves[event.key] || !now) return;
  event.preventDefault();
  const [across, along] = moves[event.key];
  const columns = [...grid.querySelectorAll('.column')];
  const inOrder = (column) => [...column.querySelectorAll('button[data-from]')].sort((one, other) => one.dataset.from - other.dataset.from);
  let at = columns.indexOf(now.closest('.column'));
  let target = null;
  if (along) {
    const own = inOrder(columns[at]);
    target = own[own.indexOf(now) + along];
  }
  while (across && !target && columns[at + across]) {
    at += across;
    const near = (cell) => Math.abs(cell.dataset.from - now.dataset.from);
    target = inOrder(columns[at]).sort((one, other) => near(one) - near(other))[0];
  }
  if (!target) return;
  now.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}

function rooms(column) {
  return [...new Set(column.shifts.map((shift) => shift.room).filter(Boolean))].map(roomName).join(', ');
}

export function timeGrid(columns, options) {
  const [first, last] = bounds(columns);
  const scale = scaleOf(columns);
  const grid = make('div', { className: 'grid', attributes: { role: 'region', 'aria-label': say('schedule') } });
  grid.style.setProperty('--columns', columns.length);
  grid.style.setProperty('--hour', `${60 * scale}px`);
  grid.append(make('div', { className: 'corner' }), ...columns.map((column) => make('div', { className: 'head', title: column.label }, make('b', { textContent: column.title }), make('span', { className: 'soft', textContent: column.under || '' }), make('span', { className: 'soft', textContent: rooms(column) }))));
  grid.append(axis(first, last, scale), ...columns.map((column) => columnOf(column, scale, first, last, options)));
  grid.addEventListener('keydown', (event) => walk(event, grid));
  const start = grid.querySelector('button.free') || grid.querySelector('button[data-from]');
  if (start) start.tabIndex = 0;
  return grid;
}

export function dayColumns(day, doctors, shifts, visits) {
  return doctors.map((doctor) => ({
    doctor: doctor.id, day, title: shortName(doctor.name).replace(/\. /g, '.\u00a0'), label: doctor.name, under: doctor.specialities[0] || '',
    shifts: shifts.filter((shift) => shift.doctor === doctor.id && shift.day === day),
    visits: visits.filter((visit) => visit.doctor === doctor.id && visit.starts.startsWith(day)),
  })).filter((column) => column.shifts.length || column.visits.length);
}

export function weekColumns(first, doctor, shifts, visits) {
  return [0, 1, 2, 3, 4, 5, 6].map((offset) => dayAfter(first, offset)).map((day) => ({
    doctor: doctor.id, day, title: dayName(day, { weekday: 'short', day: 'numeric' }), label: dayName(day), under: dayName(day, { month: 'short' }),
    shifts: shifts.filter((shift) => shift.doctor === doctor.id && shift.day === day),
    visits: visits.filter((visit) => visit.doctor === doctor.id && visit.starts.startsWith(day)),
  }));
}

export function weekTable(first, doctors, shifts, openDay) {
  const days = [0, 1, 2, 3, 4, 5, 6].map((offset) => dayAfter(first, offset));
  const byCell = new Map();
  shifts.forEach((shift) => {
    const key = `${shift.doctor} ${shift.day}`;
    byCell.set(key, [...(byCell.get(key) || []), shift]);
  });
  const cell = (doctor, day) => {
    const there = byCell.get(`${doctor.id} ${day}`) || [];
    const free = there.flatMap((shift) => shift.slots.filter(([, , isFree]) => isFree).map(([from]) => from)).sort((one, other) => one - other);
    if (!there.length) return make('td', { className: 'off' }, make('span', { className: 'soft', textContent: '–' }));
    if (!free.length) return make('td', { className: 'full' }, make('span', { className: 'soft', textContent: say('full') }));
    const label = `${doctor.name}, ${dayName(day)}: ${say('free_count', { count: free.length })}, ${say('from_time', { time: clock(free[0]) })}`;
    const open = make('button', { type: 'button', className: 'some', attributes: { 'aria-label': label } }, make('b', { textContent: clock(free[0]) }), make('span', { textContent: say('free_count', { count: free.length }) }));
    open.addEventListener('click', () => openDay(day, doctor.id, free[0]));
    return make('td', {}, open);
  };
  return make('table', { className: 'week' }, make('caption', { className: 'hidden', textContent: say('schedule') }),
    make('thead', {}, make('tr', {}, make('th', { textContent: say('doctor'), attributes: { scope: 'col' } }), ...days.map((day) => make('th', { textContent: dayName(day, { weekday: 'short', day: 'numeric' }), attributes: { scope: 'col' } })))),
    make('tbody', {}, ...doctors.map((doctor) => make('tr', {}, make('th', { attributes: { scope: 'row' } }, make('span', { textContent: shortName(doctor.name) }), make('span', { className: 'soft', textContent: doctor.specialities[0] || '' })), ...days.map((day) => cell(doctor, day))))));
}
