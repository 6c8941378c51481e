// What may be changed of a visit that is there: the comment, and the services where the МИС lets them be changed.

import { ask, button, make, say } from './frame.js';
import { Services } from './services.js';

export function editForm(visit, save, leave) {
  const can = new Set(visit.can);
  const note = make('textarea', { value: visit.comment, rows: 3, maxLength: 2000, attributes: { 'aria-label': say('comment') } });
  const services = can.has('services') ? new Services(() => {}) : null;
  let before = null; // until the price list is there, nobody can have changed anything in it
  if (services) ask('directory', { place: visit.place }).then((found) => { services.offered(found.services, visit.service_ids); before = services.ids.join(); }).catch(() => { services.element.hidden = true; });
  const form = make('form', { className: 'inline' }, make('label', {}, make('span', { className: 'soft', textContent: say('comment') }), note),
    services ? services.element : make('p', { className: 'soft elsewhere', textContent: say('services_elsewhere') }),
    make('div', { className: 'buttons' }, make('button', { type: 'submit', className: 'main', textContent: say('save'), data: { act: 'save' } }), button('leave', leave, 'quiet')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const changed = { visit: visit.key };
    if (note.value !== visit.comment) changed.comment = note.value;
    if (before !== null && services.ids.join() !== before) changed.services = services.ids;
    if (Object.keys(changed).length > 1) save(changed); else leave();
  });
  return form;
}
