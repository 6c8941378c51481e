// Who is booked: the fields from the card, corrected in place, and everybody in the МИС whom it may be.

import { ask, dateOf, dayName, language, make, say } from './frame.js';
import { masked, maskPhone } from './phone.js';

function field(name, label, properties = {}) {
  const input = make('input', { name, autocomplete: 'off', maxLength: 200, ...properties });
  return [make('label', {}, make('span', { textContent: label }), input), input];
}

function born(day) {
  return day ? new Intl.DateTimeFormat(language === 'ru' ? 'ru-RU' : 'en-GB', { timeZone: 'UTC' }).format(dateOf(day)) : '';
}

export class PatientForm {
  constructor(changed) {
    this.changed = changed;
    this.chosen = '';
    this.isByHand = false;
    this.known = {};
    this.filled = '';
    this.place = '';
    const [last, lastInput] = field('last_name', say('last_name'));
    const [first, firstInput] = field('first_name', say('first_name'));
    const [middle, middleInput] = field('middle_name', say('middle_name'));
    const [number, numberInput] = field('phone', say('phone'), { type: 'tel', inputMode: 'tel', placeholder: '+7 ___ ___-__-__' });
    const [birthday, birthdayInput] = field('birthday', say('birthday'), { type: 'date', max: new Date().toISOString().slice(0, 10) });
    this.inputs = { last_name: lastInput, first_name: firstInput, middle_name: middleInput, phone: numberInput, birthday: birthdayInput };
    this.found = make('div', { className: 'found', attributes: { 'aria-live': 'polite' } });
    this.fields = make('div', { className: 'person' }, last, first, middle, number, birthday);
    this.element = make('fieldset', { className: 'patient' }, make('legend', { textContent: say('patient') }), this.fields, this.found);
    maskPhone(numberInput);
    this.element.addEventListener('input', (event) => {
      if (event.target.type === 'radio') return;
      if (!this.isByHand) this.chosen = ''; // whoever books before the answer comes books whom the fields name
      clearTimeout(this.later);
      this.later = setTimeout(() => this.look(), 400);
      this.changed();
    });
  }

  fill(person) {
    if (!person) return;
    ['last_name', 'first_name', 'middle_name'].forEach((name) => { this.inputs[name].value = person[name] || ''; });
    this.inputs.phone.value = masked(person.phone || '');
    this.known = person.known || {};
    this.filled = this.name;
  }

  async at(place) {
    if (this.place !== place) [this.chosen, this.isByHand] = ['', false]; // ids are another МИС's there
    this.place = place;
    await this.look();
  }

  look() {
    clearTimeout(this.later);
    this.later = 0;
    this.looking = this.search();
    return this.looking;
  }

  // What was typed last has been looked for.
  async settled() {
    if (this.later) this.look();
    await this.looking;
  }

  get name() {
    return ['last_name', 'first_name', 'middle_name'].map((name) => this.inputs[name].value.trim()).filter(Boolean).join(' ');
  }

  async search() {
    const known = this.known[this.place.split(':')[0]] || { id: '', seal: '' };
    const digits = this.inputs.phone.value.replace(/\D/g, '');
    if (!this.place || this.without || (digits.length < 10 && !known.id)) {
      this.show([]);
      return;
    }
    const asked = `${this.place} ${digits} ${this.name}`;
    this.asked = asked;
    try {
      const { people } = await ask('people', { place: this.place, phone: this.inputs.phone.value, name: this.name, known: known.seal });
      if (this.asked === asked) this.show(people, known.id);
    } catch {
      if (this.asked === asked) this.show([]);
    }
  }

  // What somebody has ticked stays. Else the name decides: a child's, typed over the mother's, is not hers.
  meant(people, same, known) {
    if (this.isByHand && (!this.chosen || people.some((one) => one.id === this.chosen))) return this.chosen;
    this.isByHand = false;
    const linked = people.find((one) => one.id === known);
    if (linked && (this.name === this.filled || same.includes(linked))) return linked.id;
    return same.length === 1 ? same[0].id : '';
  }

  show(people, known = '') {
    const words = new Set(this.name.toLowerCase().split(' ').filter(Boolean));
    const same = people.filter((one) => one.name.toLowerCase().split(' ').filter((word) => words.has(word)).length >= 2);
    this.chosen = this.meant(people, same, known);
    const several = same.length > 1 ? make('p', { className: 'warn', textContent: say('several_same', { count: same.length }) }) : '';
    const radio = (id, ...label) => {
      const input = make('input', { type: 'radio', name: 'who', value: id, checked: this.chosen === id });
      input.addEventListener('change', () => { this.chosen = id; this.isByHand = true; this.changed(); });
      return make('label', { className: 'candidate' }, input, make('span', {}, ...label));
    };
    this.found.replaceChildren();
    if (people.length) {
      this.found.append(make('p', { className: 'soft', textContent: say('found_in_mis') }), several || '',
        ...people.map((one) => radio(one.id, make('b', { textContent: one.name }), make('span', { className: 'soft', textContent: [born(one.birthday), say('card', { number: one.card })].filter(Boolean).join(' · ') }))),
        radio('', make('b', { textContent: say('new_patient') })));
    } else if (this.name && !this.without) {
      this.found.append(make('p', { className: 'soft', textContent: say('new_patient') }));
    }
  }

  // What a booking is asked for with; `problem` says what is missing.
  get asked_for() {
    if (this.chosen) return { patient: this.chosen };
    const value = (name) => this.inputs[name].value.trim();
    const missing = ['last_name', 'first_name', 'phone'].find((name) => !value(name));
    if (missing) return { problem: say('fill_in', { what: say(missing).toLowerCase() }), input: this.inputs[missing] };
    return { person: { last_name: value('last_name'), first_name: value('first_name'), middle_name: value('middle_name'), phone: value('phone'), birthday: value('birthday') || null } };
  }
}

export function dayOf(written) {
  return dayName(written.split('T')[0]);
}
