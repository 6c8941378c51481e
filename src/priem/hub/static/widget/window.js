// The booking window and the journal: the same schedule, with other people's visits in it or without.

import { ask, asked, button, carryOut, clock, dayAfter, dayName, make, minutesOf, moment, monday, roomName, say, shortName, shown, span, tell, Trouble, yearOf } from './frame.js';
import { Doctors } from './doctors.js';
import { dayColumns, timeGrid, weekColumns, weekTable } from './grid.js';
import { PatientForm } from './patient.js';
import { Services } from './services.js';
import { visitCard } from './visit.js';

const root = document.querySelector('main');
const state = { mode: asked.mode, place: null, places: [], directory: { doctors: [], services: [] }, day: '', view: 'day', speciality: '', shifts: [], visits: [], chosen: null, visit: null, turn: 0 };
const patient = new PatientForm(() => line());
const services = new Services(() => narrowed());
const comment = make('textarea', { rows: 2, maxLength: 2000, attributes: { 'aria-label': say('comment') }, placeholder: say('comment') });
const places = make('select', { attributes: { 'aria-label': say('branch') } });
const doctors = new Doctors(() => load());
const chips = make('div', { className: 'chips', attributes: { role: 'group', 'aria-label': say('specialities') } });
const title = make('h2', { attributes: { 'aria-live': 'polite' } });
const schedule = make('div', { className: 'schedule' });
const status = make('div', { className: 'line', attributes: { 'aria-live': 'polite' } });
const confirm = make('button', { type: 'button', className: 'main', disabled: true, data: { act: 'go' }, onclick: () => go() });
const card = make('div', { className: 'card', hidden: true });
const side = make('aside', {}, patient.element, services.element, make('label', { className: 'comment' }, make('span', { textContent: say('comment') }), comment));

function tab(mode, name) {
  return make('button', { type: 'button', textContent: say(name), data: { mode }, onclick: () => { state.mode = mode; load(); } });
}

const tabs = make('nav', { attributes: { 'aria-label': say('mode') } }, tab('book', 'book_tab'), tab('journal', 'journal'));
const views = make('div', { className: 'views', attributes: { role: 'group', 'aria-label': say('view') } },
  make('button', { type: 'button', textContent: say('day'), data: { view: 'day' }, onclick: () => show('day') }),
  make('button', { type: 'button', textContent: say('week'), data: { view: 'week' }, onclick: () => show('week') }));

function show(view) {
  state.view = view;
  schedule.scrollTop = 0;
  load();
}

function turn(by) {
  state.day = dayAfter(state.day, by * (state.view === 'week' ? 7 : 1));
  return load();
}

// Somebody who writes already goes on writing, whatever comes in meanwhile.
function isIdle() {
  return !document.activeElement || document.activeElement === document.body;
}

// Where arrow keys begin.
function focusGrid() {
  const start = schedule.querySelector('button[tabindex="0"], .week button');
  if (start) start.focus({ preventScroll: true });
}

function layout() {
  root.removeAttribute('aria-busy');
  const arrow = (sign, name, by) => make('button', { type: 'button', textContent: sign, attributes: { 'aria-label': say(name) }, data: { act: name }, onclick: () => turn(by) });
  const dates = make('div', { className: 'dates' }, arrow('‹', 'earlier', -1), make('button', { type: 'button', textContent: say('today'), data: { act: 'today' }, onclick: () => { state.day = state.place.today; load(); } }), arrow('›', 'later', 1), title);
  const head = make('header', {}, tabs, places, dates, views, doctors.element, button('close', () => tell('close'), 'close'));
  head.lastElementChild.textContent = '×';
  head.lastElementChild.setAttribute('aria-label', say('close'));
  root.replaceChildren(make('h1', { className: 'hidden', textContent: say('book_open') }), head, make('div', { className: 'body' }, side, make('div', { className: 'right' }, chips, schedule)), make('footer', {}, status, confirm), card);
}

function moving() {
  return state.mode === 'move' && state.visit;
}

function pressed(buttons, name, value) {
  buttons.forEach((each) => each.setAttribute('aria-pressed', String(each.dataset[name] === value)));
}

function heads() {
  pressed(views.querySelectorAll('button'), 'view', state.view);
  pressed(tabs.querySelectorAll('button'), 'mode', state.mode === 'move' ? 'book' : state.mode);
  const first = monday(state.day);
  title.textContent = state.view === 'week' ? `${dayName(first, { day: 'numeric', month: 'short' })} – ${dayName(dayAfter(first, 6), { day: 'numeric', month: 'short' })}` : dayName(state.day, { weekday: 'long', day: 'numeric', month: 'long', ...yearOf(state.day) });
  confirm.textContent = say(moving() ? 'move' : (state.place && state.place.applies ? 'apply' : 'book'));
  patient.element.hidden = Boolean(moving());
  services.element.hidden = Boolean(moving()) || !state.directory.services.length;
  root.dataset.mode = state.mode;
}

function shownDoctors() {
  const able = services.doctors;
  return everyDoctor().filter((one) => doctors.shows(one.id) && (!able || able.has(one.id)) && (!state.speciality || one.specialities.includes(state.speciality)));
}

// Somebody who is not in the directory any more may still have visits.
function everyDoctor() {
  const known = new Set(state.directory.doctors.map((one) => one.id));
  const others = new Map(state.visits.filter((visit) => visit.doctor && !known.has(visit.doctor)).map((visit) => [visit.doctor, { id: visit.doctor, name: visit.doctor_name || '—', specialities: [] }]));
  return [...state.directory.doctors, ...others.values()];
}

// Other services: other doctors, another length. A time that was chosen stays, if its doctor does.
function narrowed() {
  if (!state.isShown) return;
  const cell = state.chosen;
  draw();
  const again = cell && schedule.querySelector(`button.free[data-doctor="${CSS.escape(cell.doctor)}"][data-day="${cell.day}"][data-from="${cell.from}"]`);
  if (again) again.click();
  else choose(cell && shownDoctors().some((one) => one.id === cell.doctor) ? cell : null);
}

async function load() {
  const mine = ++state.turn;
  performance.mark('priem:wanted');
  choose(null);
  heads();
  schedule.setAttribute('aria-busy', 'true');
  const first = state.view === 'week' ? monday(state.day) : state.day;
  const last = state.view === 'week' ? dayAfter(first, 6) : state.day;
  const query = { place: state.place.key, first, last, doctors: doctors.ids, services: services.ids.join(',') };
  const withVisits = state.mode === 'journal' && (state.view === 'day' || doctors.sole);
  try {
    const [shifts, visits] = await Promise.all([ask('schedule', query), withVisits ? ask('journal', query) : []]);
    if (mine !== state.turn) return;
    [state.shifts, state.visits] = [shifts, visits];
    draw();
    leadAhead(mine);
  } catch (error) {
    if (mine !== state.turn) return;
    schedule.replaceChildren(shown(error), make('div', { className: 'buttons' }, button('again', load)));
  }
  schedule.removeAttribute('aria-busy');
}

function draw() {
  const options = { choose: pick, open: openVisit, own: state.visit };
  const doctorsHere = shownDoctors();
  const visits = state.visits.filter((visit) => !visit.is_over);
  const first = monday(state.day);
  let grid;
  if (state.view === 'week' && !doctors.sole) grid = weekTable(first, doctorsHere.filter((one) => state.shifts.some((shift) => shift.doctor === one.id)), state.shifts, openDay);
  else if (state.view === 'week') grid = timeGrid(weekColumns(first, everyDoctor().find((one) => one.id === doctors.sole), state.shifts, visits), options);
  else grid = timeGrid(dayColumns(state.day, doctorsHere, state.shifts, visits), options);
  const isEmpty = (!state.shifts.length && !visits.length) || (!doctorsHere.length && !doctors.sole);
  const gone = state.visits.filter((visit) => visit.is_over);
  schedule.replaceChildren(isEmpty ? make('p', { className: 'nothing', textContent: say('nobody_works') }) : grid,
    gone.length ? make('details', { className: 'gone' }, make('summary', { textContent: say('cancelled_visits', { count: gone.length }) }), ...gone.map((visit) => make('button', { type: 'button', className: 'link', textContent: `${span(visit.starts)} · ${visit.patient || say('patient_unknown')} · ${visit.status_name}`, onclick: (event) => openVisit(visit, event.target) }))) : '');
  state.isShown = true;
  tell('ready');
  document.body.dataset.ready = 'yes';
  performance.measure('priem:grid', 'priem:wanted');
}

// A day without free times leads to the next one that has some: in the evening and on a Sunday that is not today.
async function leadAhead(mine) {
  const isNarrowed = state.speciality || services.ids.length || doctors.ids.length;
  if (state.mode !== 'book' || state.view !== 'day' || isNarrowed || schedule.querySelector('button.free')) return;
  const found = await ask('nearest').catch(() => ({ times: [] })); // a convenience: nobody misses it
  const first = found.times.find((time) => time.starts >= state.day);
  if (mine !== state.turn || !first || found.place !== state.place.key) return;
  const go = () => { [state.day] = first.starts.split('T'); load().then(focusGrid); };
  schedule.append(make('p', { className: 'nothing' }, make('button', { type: 'button', textContent: `${say('nearest_free')}: ${span(first.starts)}`, data: { act: 'ahead' }, onclick: go })));
}

function openDay(day, doctor, from) {
  state.day = day;
  state.view = 'day';
  load().then(() => {
    const cell = schedule.querySelector(`button.free[data-doctor="${CSS.escape(doctor)}"][data-from="${from}"]`);
    if (cell) { cell.scrollIntoView({ block: 'center', inline: 'center' }); cell.focus(); }
  });
}

// How long the visit takes: as its services do, or as it took before it was moved, or one slot.
function lengthOf(cell) {
  if (moving() && state.visit.ends) return minutesOf(state.visit.ends, state.visit.starts.split('T')[0]) - minutesOf(state.visit.starts, state.visit.starts.split('T')[0]);
  return Math.max(services.minutes, state.place.minutes, cell.to - cell.from);
}

function fits(cell, until) {
  const own = moving() && state.visit.doctor === cell.doctor ? [minutesOf(state.visit.starts, cell.day), minutesOf(state.visit.ends || state.visit.starts, cell.day)] : [0, 0];
  let reached = cell.from;
  cell.slots.forEach(([from, to, free]) => {
    const isMine = from < own[1] && own[0] < to;
    if (from <= reached && to > reached && (free || isMine)) reached = to;
  });
  return reached >= until;
}

function pick(cell) {
  schedule.querySelectorAll('button.free.chosen, button.free.within').forEach((each) => { each.classList.remove('chosen', 'within'); each.removeAttribute('aria-pressed'); });
  const until = cell.from + lengthOf(cell);
  choose({ ...cell, until, fits: fits(cell, until) });
  schedule.querySelectorAll(`button.free[data-doctor="${CSS.escape(cell.doctor)}"][data-day="${cell.day}"]`).forEach((each) => {
    each.classList.toggle('within', Number(each.dataset.from) > cell.from && Number(each.dataset.from) < until && state.chosen.fits);
  });
  if (cell.cell) {
    cell.cell.classList.add('chosen');
    cell.cell.setAttribute('aria-pressed', 'true');
  }
}

function choose(cell) {
  state.chosen = cell;
  line();
}

function line(problem = null, isFine = false) {
  const cell = state.chosen;
  confirm.disabled = !cell || !cell.fits || state.isSending;
  status.className = (problem && !isFine) || (cell && !cell.fits) ? 'line amber' : 'line';
  if (problem) { status.replaceChildren(...problem); return; }
  if (!cell) { status.replaceChildren(...moved(), make('span', { className: 'soft', textContent: say('choose_time') })); return; }
  const words = [dayName(cell.day), clock(cell.from), shortName(cell.name), cell.room ? roomName(cell.room) : '', say('minutes', { count: cell.until - cell.from })].filter(Boolean).join(', ');
  status.replaceChildren(make('b', { textContent: words }), cell.fits ? '' : make('span', { textContent: say('does_not_fit') }));
}

// From where to where: whoever moves a visit reads out both.
function moved() {
  return moving() ? [make('b', { textContent: say('moving_from', { time: `${span(state.visit.starts, state.visit.ends)}, ${shortName(state.visit.doctor_name)}` }) })] : [];
}

function doctorName(id) {
  const found = state.directory.doctors.find((one) => one.id === id);
  return found ? found.name : '';
}

function pickNear(time) {
  const [day] = time.starts.split('T');
  const from = minutesOf(time.starts, day);
  const until = minutesOf(time.ends, day);
  choose({ doctor: time.doctor, name: doctorName(time.doctor), room: time.room, day, from, to: until, until, fits: true, slots: [] });
  confirm.focus();
}

function refused(answer) {
  const near = answer.nearest.map((time) => make('button', { type: 'button', className: 'near', onclick: () => pickNear(time), textContent: time.starts.startsWith(state.day) ? time.starts.split('T')[1] : span(time.starts) }));
  const said = answer.kind === 'busy' ? say('just_taken') : answer.said;
  if (answer.candidates.length) patient.show(answer.candidates);
  line([make('span', { attributes: { role: 'alert' } }, make('b', { textContent: said }), near.length ? '' : ` ${answer.advice}`), near.length ? make('span', { className: 'nearest' }, say('nearest'), ...near) : '']);
}

function timeOf(cell) {
  return { doctor: cell.doctor, room: cell.room || '', starts: moment(cell.day, cell.from), ends: moment(cell.day, cell.until) };
}

// Who is meant is known when the МИС has said whom it may be: whoever is quicker would make a second card.
async function wish(cell) {
  const body = { place: state.place.key, time: timeOf(cell) };
  if (moving()) return { ...body, visit: state.visit.key };
  await patient.settled();
  if (state.place.key !== body.place) throw new Trouble(say('choose_time')); // another branch meanwhile, where ids are others
  const who = patient.asked_for;
  return who.problem ? null : { ...body, ...who, services: services.ids, comment: comment.value.trim() };
}

function missing() {
  const { problem, input } = patient.asked_for;
  line([make('b', { textContent: problem, attributes: { role: 'alert' } })]);
  input.focus();
}

async function go() {
  const cell = state.chosen;
  if (!cell || confirm.disabled) return;
  state.isSending = true; // another time that is pressed meanwhile would be another visit
  confirm.disabled = true;
  status.setAttribute('aria-busy', 'true');
  try {
    const body = await wish(cell);
    const answer = body && await carryOut(moving() ? 'move' : 'book', body);
    state.isSending = false;
    if (!body) missing();
    else if (answer.done) done(answer, cell);
    else if (['busy', 'not_working', 'past'].includes(answer.kind)) { await load(); refused(answer); } else refused(answer);
  } catch (error) {
    state.isSending = false;
    line([shown(error)]);
    confirm.disabled = false;
  }
  status.removeAttribute('aria-busy');
}

function done(answer, cell) {
  tell('changed');
  const words = `${dayName(cell.day)}, ${clock(cell.from)}, ${shortName(cell.name)}`;
  const name = moving() ? 'moved' : (state.place.applies ? 'applied' : 'booked');
  if (state.mode !== 'journal') {
    root.replaceChildren(make('div', { className: 'done', attributes: { role: 'status' }, data: { done: name } }, make('h2', { textContent: say(name) }), make('p', { textContent: words }), button('close', () => tell('close'), 'main')));
    root.querySelector('button').focus();
    return;
  }
  load().then(() => line([make('b', { textContent: `${say(name)}: ${words}` })], true));
}

function openVisit(visit, from) {
  visitCard(card, visit, { directory: state.directory, place: state.place, opener: from, changed: () => { tell('changed'); load(); }, move: () => { state.visit = visit; state.mode = 'move'; state.day = visit.starts.split('T')[0]; load(); } });
}

async function enter(key, day = '') {
  const place = state.places.find((one) => one.key === key) || state.places[0];
  state.place = place;
  places.value = state.place.key;
  patient.without = state.place.applies;
  tabs.hidden = !state.journal;
  state.isShown = false;
  const directory = await ask('directory', { place: place.key });
  if (state.place !== place) return; // another branch was chosen meanwhile
  state.directory = directory;
  state.speciality = '';
  const names = [...new Set(state.directory.doctors.flatMap((one) => one.specialities))].sort();
  doctors.offered(state.directory.doctors, moving() ? [state.visit.doctor] : []);
  chips.replaceChildren(...names.map((name) => make('button', { type: 'button', textContent: name, data: { name }, attributes: { 'aria-pressed': 'false' }, onclick: () => speciality(name) })));
  chips.hidden = names.length < 2;
  services.offered(state.directory.services);
  state.day = moving() ? state.visit.starts.split('T')[0] : (day || state.place.today);
  patient.at(place.key);
  await load();
}

// The panel offers free times: the window opens at the one that was clicked, or says that it is gone.
async function enterAt(slot) {
  const [key, doctor, starts] = slot.split('|');
  const day = starts.split('T')[0];
  await enter(key, day);
  const cell = schedule.querySelector(`button.free[data-doctor="${CSS.escape(doctor)}"][data-from="${minutesOf(starts, day)}"]`);
  if (!cell) { line([make('b', { textContent: say('just_taken'), attributes: { role: 'alert' } })]); return; }
  cell.click();
  cell.scrollIntoView({ block: 'center', inline: 'center' });
  if (isIdle()) confirm.focus();
}

function speciality(name) {
  state.speciality = state.speciality === name ? '' : name;
  pressed(chips.querySelectorAll('button'), 'name', state.speciality);
  choose(null);
  draw();
}

async function begin() {
  layout();
  try {
    const told = await ask('window', { visit: asked.visit });
    Object.assign(state, { places: told.places, visit: told.visit, journal: told.journal });
    if (state.mode === 'journal' && !state.journal) state.mode = 'book';
    patient.fill(told.patient);
    places.replaceChildren(...told.places.map((place) => make('option', { value: place.key, textContent: place.name })));
    places.hidden = told.places.length < 2;
    if (asked.slot && state.mode === 'book') await enterAt(asked.slot);
    else {
      await enter(state.visit ? state.visit.place : told.places[0].key);
      if (isIdle()) focusGrid();
    }
  } catch (error) {
    root.replaceChildren(shown(error), make('div', { className: 'buttons' }, button('close', () => tell('close'))));
    tell('ready');
  }
}

places.addEventListener('change', () => enter(places.value).catch((error) => schedule.replaceChildren(shown(error))));
document.addEventListener('keydown', (event) => {
  const pages = { PageUp: -1, PageDown: 1 };
  if (pages[event.key] && !event.target.closest('input, textarea, select, aside') && card.hidden && state.place) {
    event.preventDefault();
    turn(pages[event.key]).then(focusGrid);
  }
  if (event.key !== 'Escape') return;
  if (!card.hidden) card.hidden = true;
  else tell('close');
});
begin();
