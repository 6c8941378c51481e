// Services are searched for and chosen; how long they take and what they cost stands below them.

import { make, roubles, say } from './frame.js';

const SHOWN = 8;
const NARROW = 720;

export class Services {
  constructor(changed) {
    this.changed = changed;
    this.all = [];
    this.chosen = [];
    this.search = make('input', { type: 'search', placeholder: say('service_search'), attributes: { 'aria-label': say('service_search') } });
    this.list = make('div', { className: 'options' });
    this.picked = make('ul', { className: 'picked' });
    this.sum = make('p', { className: 'soft', attributes: { 'aria-live': 'polite' } });
    this.who = make('p', { className: 'soft who', attributes: { 'aria-live': 'polite' } });
    this.element = make('fieldset', { className: 'services' }, make('legend', { textContent: say('services') }), this.search, this.list, this.picked, this.sum, this.who);
    this.search.addEventListener('input', () => this.offer());
    this.search.addEventListener('focus', () => {
      this.offer();
      if (window.innerWidth <= NARROW) this.element.scrollIntoView({ block: 'start' }); // room for what is offered
    });
    this.search.addEventListener('keydown', (event) => {
      const first = this.list.querySelector('button');
      if (event.key === 'Enter') { event.preventDefault(); if (first) first.click(); }
      if (event.key === 'Escape' && this.list.childElementCount) { event.stopPropagation(); this.list.replaceChildren(); }
    });
    document.addEventListener('pointerdown', (event) => { if (!this.element.contains(event.target)) this.list.replaceChildren(); });
  }

  offered(services, chosen = []) {
    this.all = services;
    this.chosen = chosen.map((id) => services.find((one) => one.id === id)).filter(Boolean);
    this.element.hidden = !services.length;
    this.draw();
  }

  offer() {
    const words = this.search.value.toLowerCase().split(' ').filter(Boolean);
    const fits = (service) => words.every((word) => `${service.name} ${service.category}`.toLowerCase().includes(word));
    const found = this.all.filter((service) => !this.chosen.includes(service) && fits(service)).slice(0, SHOWN);
    this.list.replaceChildren(...found.map((service) => make('button', { type: 'button', onclick: () => this.choose(service) },
      make('span', { textContent: service.name }), make('span', { className: 'soft', textContent: [service.minutes ? say('minutes', { count: service.minutes }) : '', service.price ? roubles(service.price) : ''].filter(Boolean).join(' · ') }))));
    if (found.length && window.innerWidth > NARROW) this.list.scrollIntoView({ block: 'nearest' }); // below the candidates there may be no room
  }

  choose(service) {
    this.chosen.push(service);
    this.search.value = '';
    this.list.replaceChildren();
    this.search.focus();
    this.draw();
  }

  draw() {
    this.picked.replaceChildren(...this.chosen.map((service) => make('li', {}, make('span', { textContent: service.name }),
      make('button', { type: 'button', textContent: '×', attributes: { 'aria-label': say('remove', { name: service.name }) }, onclick: () => { this.chosen = this.chosen.filter((one) => one !== service); this.draw(); } }))));
    const total = this.chosen.reduce((sum, service) => sum + Number(service.price || 0), 0);
    this.who.textContent = this.saysWho();
    this.sum.textContent = this.chosen.length ? [this.minutes ? say('minutes', { count: this.minutes }) : '', total ? roubles(total) : ''].filter(Boolean).join(' · ') : '';
    this.changed();
  }

  // Who does all that is chosen, as far as anybody has said; null: nobody has.
  get doctors() {
    const told = this.chosen.filter((service) => service.doctors).map((service) => new Set(service.doctors));
    return told.length ? new Set([...told[0]].filter((id) => told.every((each) => each.has(id)))) : null;
  }

  saysWho() {
    if (!this.chosen.length) return '';
    const able = this.doctors;
    if (!able) return say('doers_unknown');
    return able.size ? say('doers_known', { count: able.size }) : say('doers_none');
  }

  get minutes() {
    return this.chosen.reduce((sum, service) => sum + service.minutes, 0);
  }

  get ids() {
    return this.chosen.map((service) => service.id);
  }
}
