// The small card of somebody's visit, over the journal.

import { editForm } from './edit.js';
import { button, carryOut, make, roomName, roubles, say, shown, span, tell } from './frame.js';

export function visitCard(card, visit, { directory, opener, changed, move }) {
  const can = new Set(visit.can);
  const more = make('div', { className: 'slot' });
  const problem = make('div');
  const leave = () => { card.hidden = true; if (opener && opener.isConnected) opener.focus(); };

  async function change(name, body) {
    card.setAttribute('aria-busy', 'true');
    try {
      const answer = await carryOut(name, { visit: visit.key, ...body });
      if (answer.done) { leave(); changed(); } else problem.replaceChildren(make('div', { className: 'trouble', attributes: { role: 'alert' } }, make('p', { textContent: answer.said }), make('p', { className: 'soft', textContent: answer.advice })));
    } catch (error) {
      problem.replaceChildren(shown(error));
    }
    card.removeAttribute('aria-busy');
  }

  function cancelling() {
    const reason = make('select', { hidden: !directory.reasons.length, attributes: { 'aria-label': say('reason') } }, make('option', { value: '', textContent: say('reason_none') }), ...directory.reasons.map((each) => make('option', { value: each.id, textContent: each.name })));
    more.replaceChildren(make('p', { textContent: say('cancel_sure') }), reason, make('div', { className: 'buttons' }, button('cancel_visit', () => change('cancel', { reason: reason.value }), 'danger'), button('leave', () => more.replaceChildren(), 'quiet')));
  }

  function editing() {
    more.replaceChildren(editForm(visit, (changed) => change('edit', changed), () => more.replaceChildren()));
    more.querySelector('textarea').focus();
  }

  const close = button('close', leave, 'close');
  close.textContent = '×';
  close.setAttribute('aria-label', say('close'));
  card.replaceChildren(make('div', { className: 'sheet', attributes: { role: 'dialog', 'aria-label': visit.patient || say('visit') } }, close,
    make('h2', { textContent: visit.patient || say('patient_unknown') }),
    make('p', {}, make('b', { textContent: span(visit.starts, visit.ends) }), make('span', { className: `status ${visit.status}`, textContent: visit.status_name })),
    make('p', { textContent: [visit.doctor_name, visit.room ? roomName(visit.room) : ''].filter(Boolean).join(' · ') }),
    visit.services.length ? make('p', { textContent: `${visit.services.join(', ')}${visit.total ? ` — ${roubles(visit.total)}` : ''}` }) : '',
    visit.comment ? make('p', { className: 'note', textContent: visit.comment }) : '',
    problem,
    make('div', { className: 'buttons' },
      visit.lead ? button('open_lead', () => tell('lead', { lead: visit.lead }), 'main') : '',
      can.has('confirm') ? button('confirm', () => change('status', { status: 'confirmed' })) : '',
      can.has('move') ? button('move', () => { card.hidden = true; move(); }) : '',
      can.has('cancel') ? button('cancel', cancelling) : '',
      can.has('edit') ? button('edit', editing) : ''),
    more));
  card.hidden = false;
  card.onclick = (event) => { if (event.target === card) leave(); };
  card.querySelector('button').focus();
}
