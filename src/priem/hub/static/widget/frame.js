// What every frame shares: its session, questions to the hub, words, and the few messages to amoCRM's page around it.

const page = document.documentElement.dataset;
const fragment = new URLSearchParams(location.hash.slice(1));
export const words = JSON.parse(document.getElementById('words').textContent);
export const asked = { mode: fragment.get('mode') || 'book', visit: fragment.get('visit') || '', slot: fragment.get('slot') || '' };
export const language = document.documentElement.lang;
let session = fragment.get('session') || '';
let renewals = [];

// The address is not to be copied with the session in it.
history.replaceState(null, '', location.pathname + location.search);

export function say(name, values = {}) {
  return (words[name] || name).replace(/\{(\w+)\}/g, (_, key) => (values[key] === undefined ? '' : values[key]));
}

export function make(tag, properties = {}, ...children) {
  const { data, attributes, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.entries(data || {}).forEach(([name, value]) => { element.dataset[name] = value; });
  Object.entries(attributes || {}).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

export function tell(message, more = {}) {
  window.parent.postMessage({ priem: message, ...more }, page.origin);
}

window.addEventListener('message', (event) => {
  if (event.source !== window.parent || event.origin !== page.origin || !event.data) return;
  if (event.data.priem === 'session') {
    session = String(event.data.session);
    renewals.forEach((done) => done());
    renewals = [];
  }
  if (event.data.priem === 'refresh') document.dispatchEvent(new Event('priem:refresh'));
});

function renewed() {
  return new Promise((resolve, reject) => {
    renewals.push(resolve);
    setTimeout(() => reject(new Trouble(say('session_over'))), 15000);
    tell('session');
  });
}

export class Trouble extends Error {
  constructor(said, advice = '', kind = '') {
    super(said);
    this.advice = advice;
    this.kind = kind;
  }
}

async function once(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Trouble(say('away'), say('away_advice'));
  }
}

export async function ask(name, query = {}, body = null, again = true) {
  const headers = { Authorization: `Bearer ${session}`, 'Accept-Language': language };
  const options = body ? { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : { headers };
  const filled = Object.entries(query).filter(([, value]) => value !== '' && value !== null);
  const answer = await once(`${page.api}${name}?${new URLSearchParams(filled)}`, { ...options, cache: 'no-store', credentials: 'omit' });
  if (answer.status === 401 && again) {
    await renewed();
    return ask(name, query, body, false);
  }
  const told = await answer.json().catch(() => ({ said: say('away') }));
  if (!answer.ok) throw new Trouble(told.said, told.advice, told.kind);
  return told;
}

// Something is done under a name of its own: the same click sent twice is done once, and a lost answer is asked for.
// Whoever clicks again after no answer came asks for the same once more, or his own visit would seem to be in his way.
let unanswered = { wish: '', ref: '' };

export async function carryOut(name, body) {
  const wish = `${name} ${JSON.stringify(body)}`;
  if (unanswered.wish !== wish) unanswered = { wish, ref: crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) + Math.random().toString(36).slice(2) };
  const asking = { ...body, ref: unanswered.ref };
  const until = Date.now() + 90000;
  let answer = await ask(name, {}, asking);
  while (answer.open && Date.now() < until) {
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
    answer = await ask(name, {}, asking);
  }
  if (!answer.open) unanswered = { wish: '', ref: '' };
  return answer;
}

export function keepHeight() {
  const measure = () => tell('height', { height: Math.ceil(document.body.getBoundingClientRect().height) });
  new ResizeObserver(measure).observe(document.body);
  measure();
}

// Days and times are the branch's wall time, written without a zone.

const DAY = 86400000;

export function dateOf(day) {
  return new Date(`${day}T12:00:00Z`);
}

export function dayAfter(day, days) {
  return new Date(dateOf(day).getTime() + days * DAY).toISOString().slice(0, 10);
}

export function monday(day) {
  return dayAfter(day, -((dateOf(day).getUTCDay() + 6) % 7));
}

// A day of another year says so: a patient's old visits, and January's in December.
export function yearOf(day) {
  return day.startsWith(`${new Date().getFullYear()}-`) ? {} : { year: 'numeric' };
}

export function dayName(day, style = { weekday: 'short', day: 'numeric', month: 'short', ...yearOf(day) }) {
  const written = new Intl.DateTimeFormat(language === 'ru' ? 'ru-RU' : 'en-GB', { ...style, timeZone: 'UTC' }).format(dateOf(day));
  return written.replace(/\sг\.$/, '').replace(/\.(?=,|\s|$)/g, '');
}

export function clock(minutes) {
  const inDay = ((minutes % 1440) + 1440) % 1440;
  return `${String(Math.floor(inDay / 60)).padStart(2, '0')}:${String(inDay % 60).padStart(2, '0')}`;
}

export function moment(day, minutes) {
  return `${dayAfter(day, Math.floor(minutes / 1440))}T${clock(minutes)}`;
}

export function minutesOf(written, day) {
  const [date, time] = written.split('T');
  const [hours, minutes] = time.split(':').map(Number);
  return Math.round((dateOf(date) - dateOf(day)) / DAY) * 1440 + hours * 60 + minutes;
}

export function span(starts, ends) {
  const [date, time] = starts.split('T');
  return `${dayName(date)}, ${time}${ends ? `–${ends.split('T')[1]}` : ''}`;
}

export function roubles(sum) {
  return `${new Intl.NumberFormat(language === 'ru' ? 'ru-RU' : 'en-GB').format(Number(sum))} ₽`;
}

export function shortName(name) {
  const [last, ...others] = name.split(' ').filter(Boolean);
  return [last, ...others.map((word) => `${word[0]}.`)].filter(Boolean).join(' ');
}

export function shown(error) {
  if (!(error instanceof Trouble)) throw error;
  return make('div', { className: 'trouble', attributes: { role: 'alert' } }, make('p', { textContent: error.message }),
    error.advice ? make('p', { className: 'soft', textContent: error.advice }) : '');
}

export function button(name, onclick, className = '') {
  return make('button', { type: 'button', className, textContent: say(name), onclick, data: { act: name } });
}

export function roomName(room) {
  return /^\d+\S*$/.test(room) ? say('room', { room }) : room;
}
