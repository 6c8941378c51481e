// The panel in the lead's card.

import { ask, button, carryOut, keepHeight, make, roomName, roubles, say, shortName, shown, span, tell } from './frame.js';
import { editForm } from './edit.js';

const root = document.querySelector('main');

function openWindow(mode, visit = '', slot = '') {
  tell('open', { mode, visit, slot });
}

function sum(visit) {
  const services = visit.services.join(', ');
  const total = visit.total ? roubles(visit.total) : '';
  return [services, total].filter(Boolean).join(' — ');
}

function row(visit) {
  const speciality = visit.speciality ? `, ${visit.speciality.toLowerCase()}` : '';
  const where = [visit.room ? roomName(visit.room) : '', visit.branch].filter(Boolean).join(' · ');
  return [
    make('p', { className: 'when' }, make('b', { textContent: span(visit.starts, visit.ends) }),
      make('span', { className: `status ${visit.status}`, textContent: visit.status_name })),
    make('p', {}, `${shortName(visit.doctor_name)}${speciality}`),
    where ? make('p', { className: 'soft', textContent: where }) : '',
    sum(visit) ? make('p', { textContent: sum(visit) }) : '',
  ];
}

function otherVisits() {
  const list = make('div', { className: 'others' });
  const details = make('details', {}, make('summary', { textContent: say('other_visits') }), list);
  details.addEventListener('toggle', async () => {
    if (!details.open || list.childElementCount) return;
    try {
      const found = await ask('others');
      list.append(...(found.length ? found.map(other) : [make('p', { className: 'soft', textContent: say('no_others') })]));
    } catch (error) {
      list.append(shown(error));
    }
  });
  return details;
}

function other(visit) {
  const jump = visit.lead ? button('to_lead', () => tell('lead', { lead: visit.lead }), 'link') : '';
  if (visit.name !== undefined) return make('div', { className: 'other' }, make('p', {}, visit.name, make('span', { className: `status ${visit.status}`, textContent: visit.status_name })), jump);
  return make('div', { className: 'other' }, ...row(visit).slice(0, 2), jump);
}

function cancelForm(visit, again) {
  const reason = make('select', { attributes: { 'aria-label': say('reason') } }, make('option', { value: '', textContent: say('reason_none') }));
  const note = make('input', { placeholder: say('comment'), maxLength: 2000, attributes: { 'aria-label': say('comment') } });
  ask('directory', { place: visit.place }).then((found) => {
    reason.append(...found.reasons.map((each) => make('option', { value: each.id, textContent: each.name })));
    reason.hidden = !found.reasons.length;
  }).catch(() => { reason.hidden = true; });
  const form = make('form', { className: 'inline' }, make('p', { textContent: say('cancel_sure') }), reason, note,
    make('div', { className: 'buttons' }, make('button', { type: 'submit', className: 'danger', textContent: say('cancel_visit'), data: { act: 'cancel_visit' } }), button('leave', again, 'quiet')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    change(() => carryOut('cancel', { visit: visit.key, reason: reason.value, comment: note.value }));
  });
  return form;
}

async function change(does) {
  root.setAttribute('aria-busy', 'true');
  let problem = '';
  try {
    const answer = await does();
    if (!answer.done) problem = make('div', { className: 'trouble', attributes: { role: 'alert' } }, make('p', { textContent: answer.said }), make('p', { className: 'soft', textContent: answer.advice }));
    tell('changed');
  } catch (error) {
    problem = shown(error);
  }
  await draw();
  const same = root.querySelector('.trouble'); // what kept it from being done may keep the panel from being read
  if (problem && !(same && same.textContent === problem.textContent)) root.prepend(problem);
}

function ofVisit(told) {
  const { visit } = told;
  const can = new Set(visit.can);
  const slot = make('div', { className: 'slot' });
  const leave = () => slot.replaceChildren();
  const buttons = [
    can.has('confirm') ? button('confirm', () => change(() => carryOut('status', { visit: visit.key, status: 'confirmed' })), 'main') : '',
    can.has('move') ? button('move', () => openWindow('move', visit.key)) : '',
    can.has('cancel') ? button('cancel', () => slot.replaceChildren(cancelForm(visit, leave))) : '',
    can.has('edit') ? button('edit', () => slot.replaceChildren(editForm(visit, (changed) => change(() => carryOut('edit', changed)), leave))) : '',
    told.again ? button('book_again', () => openWindow('book'), 'main') : '',
    told.journal ? button('journal', () => openWindow('journal')) : '',
  ];
  const story = [told.booked_by ? say('booked_by', { name: told.booked_by }) : '', told.why].filter(Boolean);
  return [
    make('section', { className: visit.is_over ? 'visit over' : 'visit' }, ...row(visit), visit.comment ? make('p', { className: 'note', textContent: visit.comment }) : ''),
    make('div', { className: 'buttons' }, ...buttons),
    slot,
    otherVisits(),
    story.length ? make('details', {}, make('summary', { textContent: say('why') }), ...story.map((line) => make('p', { className: 'soft', textContent: line }))) : '',
  ];
}

function known(told) {
  return [told.trouble ? make('div', { className: 'trouble', attributes: { role: 'status' } }, make('p', { textContent: told.trouble }), make('div', { className: 'buttons' }, button('again', draw))) : '',
    told.status ? make('p', { className: 'when' }, told.when ? make('b', { textContent: told.starts ? span(told.starts) : told.when }) : '', make('span', { className: `status ${told.status}`, textContent: told.status_name })) : '',
    make('dl', { className: 'known' }, ...told.values.flatMap(([name, value]) => [make('dt', { textContent: name }), make('dd', { textContent: value })])),
    told.journal ? make('div', { className: 'buttons' }, button('journal', () => openWindow('journal'))) : '',
    otherVisits(),
    told.why ? make('details', {}, make('summary', { textContent: say('why') }), make('p', { className: 'soft', textContent: told.why })) : ''];
}

// Free times come after the panel: the МИС is asked for them.
function nearest() {
  const place = make('div', { className: 'near-times', attributes: { 'aria-live': 'polite' } });
  ask('nearest').then((found) => {
    if (!found.times.length) return;
    place.append(make('p', { className: 'soft', textContent: say('nearest_free') }), make('ul', {}, ...found.times.map((time) => make('li', {}, nearTime(found.place, time)))));
  }).catch(() => {}); // they are a convenience: the window says what is wrong
  return place;
}

function nearTime(place, time) {
  const where = [shortName(time.doctor_name), time.room ? roomName(time.room) : ''].filter(Boolean).join(' · ');
  return make('button', { type: 'button', className: 'near', data: { act: 'near', starts: time.starts }, onclick: () => openWindow('book', '', `${place}|${time.doctor}|${time.starts}`) },
    make('b', { textContent: span(time.starts) }), make('span', { className: 'soft', textContent: where }));
}

function withoutVisit(told) {
  const journal = told.journal ? button('journal', () => openWindow('journal')) : '';
  if (told.state === 'known') return known(told);
  if (told.state === 'none') {
    return [told.application ? make('div', { className: 'note applied', attributes: { role: 'status' } }, make('p', { textContent: told.application }), make('p', { className: 'soft', textContent: told.next })) : '',
      make('div', { className: 'buttons' },
        told.books ? button(told.only_applies ? 'apply_open_grid' : 'book_open', () => openWindow('book'), 'main wide') : '',
        told.applies ? button('apply_now', () => change(() => carryOut('apply', {})), told.books ? '' : 'main wide') : '', journal),
      told.books ? nearest() : ''];
  }
  return [make('p', { className: 'soft', textContent: say(`state_${told.state}`) }), journal ? make('div', { className: 'buttons' }, journal) : ''];
}

async function draw() {
  root.setAttribute('aria-busy', 'true');
  try {
    const told = await ask('panel');
    const orders = (told.orders || []).map((line) => make('p', { className: 'note waits', textContent: line, attributes: { role: 'status' } }));
    root.replaceChildren(...orders, ...(told.state === 'visit' ? ofVisit(told) : withoutVisit(told)).filter(Boolean));
  } catch (error) {
    root.replaceChildren(shown(error), make('div', { className: 'buttons' }, button('again', draw)));
  }
  root.removeAttribute('aria-busy');
  performance.mark('priem:panel');
  tell('ready');
}

document.addEventListener('priem:refresh', draw);
// Whoever comes back to the card sees what has come of it meanwhile; what he is writing stays.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && !root.querySelector('form')) draw();
});
draw();
keepHeight();
