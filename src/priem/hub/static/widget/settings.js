// The page in amoCRM's settings: how the connection is, and the way into Priem's own settings.

import { ask, button, keepHeight, language, make, say, shown, tell } from './frame.js';

const root = document.querySelector('main');

function when(written) {
  const at = new Date(written);
  if (at.toDateString() === new Date().toDateString()) return say('today_at', { time: at.toTimeString().slice(0, 5) });
  return new Intl.DateTimeFormat(language === 'ru' ? 'ru-RU' : 'en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(at);
}

function connection(row) {
  const state = row.trouble || (row.read_at ? say('read_at', { time: when(row.read_at) }) : say('never_read'));
  return make('li', { className: row.trouble ? 'bad' : '' }, make('b', { textContent: row.name }), make('span', { className: 'soft', textContent: say(`system_${row.system}`) }), make('p', { textContent: state }), make('p', { className: 'soft', textContent: say(`books_${row.books}`) }));
}

async function signIn(event) {
  const note = root.querySelector('.way');
  event.target.disabled = true;
  try {
    const { url } = await ask('sign-in', {}, {});
    note.replaceChildren(make('a', { href: url, target: '_blank', rel: 'noopener', className: 'main', textContent: say('open_settings_now') }), make('p', { className: 'soft', textContent: say('once') }));
    note.querySelector('a').focus();
  } catch (error) {
    note.replaceChildren(shown(error));
  }
  event.target.disabled = false;
}

async function draw() {
  root.removeAttribute('aria-busy');
  try {
    const told = await ask('settings');
    root.replaceChildren(make('h1', { textContent: say('settings_title', { name: told.clinic }) }),
      make('p', { className: told.live ? 'status fine' : 'status', textContent: say(told.live ? 'live' : 'not_live') }),
      make('ul', { className: 'connections' }, ...told.connections.map(connection)),
      told.is_admin ? make('div', { className: 'buttons' }, button('open_settings', signIn, 'main')) : make('p', { className: 'soft', textContent: say('admins_only') }),
      make('div', { className: 'way', attributes: { 'aria-live': 'polite' } }));
  } catch (error) {
    root.replaceChildren(shown(error));
  }
  tell('ready');
}

draw();
keepHeight();
