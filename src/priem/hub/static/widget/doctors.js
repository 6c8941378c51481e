// Whose columns are shown: everybody's, or those of the doctors that are ticked.

import { button, make, say, shortName } from './frame.js';

export class Doctors {
  constructor(changed) {
    this.changed = changed;
    this.all = [];
    this.ticked = new Set();
    this.title = make('summary', { attributes: { 'aria-label': say('doctors') } });
    this.list = make('div', { className: 'ticks', attributes: { role: 'group', 'aria-label': say('doctors') } });
    this.element = make('details', { className: 'doctors' }, this.title, this.list);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.element.open) return;
      event.stopPropagation();
      this.close();
      this.title.focus();
    });
    document.addEventListener('pointerdown', (event) => { if (!this.element.contains(event.target)) this.close(); });
  }

  close() {
    this.element.open = false;
  }

  offered(doctors, ticked = []) {
    this.all = doctors;
    this.ticked = new Set(ticked);
    const box = (one) => make('input', { type: 'checkbox', value: one.id, checked: this.ticked.has(one.id), onchange: (event) => this.tick(one.id, event.target.checked) });
    this.list.replaceChildren(button('all_doctors', () => this.everybody(), 'link'),
      ...doctors.map((one) => make('label', {}, box(one), make('span', {}, one.name, one.specialities.length ? make('span', { className: 'soft', textContent: one.specialities[0] }) : ''))));
    this.head();
  }

  everybody() {
    this.list.querySelectorAll('input').forEach((box) => { box.checked = false; });
    this.ticked.clear();
    this.close();
    this.title.focus();
    this.head();
    this.changed();
  }

  tick(id, isTicked) {
    if (isTicked) this.ticked.add(id); else this.ticked.delete(id);
    this.head();
    this.changed();
  }

  head() {
    const name = this.sole ? (this.all.find((one) => one.id === this.sole) || { name: '' }).name : '';
    this.title.textContent = this.ticked.size ? (shortName(name) || say('doctors_ticked', { count: this.ticked.size })) : say('all_doctors');
    this.title.setAttribute('aria-label', `${say('doctors')}: ${this.title.textContent}`);
  }

  // The only one who is shown; empty when there are several.
  get sole() {
    return this.ticked.size === 1 ? [...this.ticked][0] : '';
  }

  get ids() {
    return [...this.ticked].join(',');
  }

  shows(id) {
    return !this.ticked.size || this.ticked.has(id);
  }
}
