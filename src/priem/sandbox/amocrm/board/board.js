'use strict';

const board = document.querySelector('#board');
const panel = document.querySelector('#card');
const live = document.querySelector('#live');
const money = new Intl.NumberFormat('ru-RU');
const seen = new Map();
let version = '';
let pipeline = Number(new URLSearchParams(location.search).get('pipeline')) || 0;
let open = null;
let next = 0;

const EVENTS = {
  lead_added: 'Сделка создана', contact_added: 'Контакт создан', company_added: 'Компания создана',
  lead_deleted: 'Сделка удалена', contact_deleted: 'Контакт удалён', lead_restored: 'Сделка восстановлена',
  contact_restored: 'Контакт восстановлен', lead_status_changed: 'Этап', entity_tag_added: 'Тег добавлен',
  entity_tag_deleted: 'Тег убран', entity_linked: 'Прикреплено', entity_unlinked: 'Откреплено',
  sale_field_changed: 'Бюджет', name_field_changed: 'Название', entity_responsible_changed: 'Ответственный',
  entity_merged: 'Объединение', task_added: 'Задача поставлена', task_completed: 'Задача закрыта',
  task_result_added: 'Результат задачи', task_text_changed: 'Текст задачи', task_deadline_changed: 'Срок задачи',
  common_note_added: 'Примечание', service_note_added: 'Служебное примечание', incoming_call: 'Входящий звонок',
  outgoing_call: 'Исходящий звонок',
};

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== ''));
  return element;
}

function moment(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString('ru-RU', { hour: '2-digit', minute: '2-digit' });
  return today ? time : `${date.toLocaleDateString('ru-RU')} ${time}`;
}

async function ask(path) {
  const answer = await fetch(`/_sandbox/${path}`);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

function tile(lead) {
  const fresh = seen.size > 0 && seen.get(lead.id) !== lead.key;
  const button = make('button', { className: fresh ? 'tile fresh' : 'tile', onclick: () => show('leads', lead.id) },
    lead.contact ? make('span', { className: 'who', textContent: lead.contact }) : '',
    make('b', { textContent: lead.name }),
    ...lead.tags.map((tag) => make('span', { className: 'tag', textContent: tag })),
    make('span', { className: 'foot' },
      make('span', { textContent: lead.price ? `${money.format(lead.price)} ₽` : '' }),
      make('span', { textContent: moment(lead.updated_at) })));
  return button;
}

function column(stage) {
  stage.cards.forEach((lead) => { lead.key = `${stage.id}:${lead.updated_at}`; });
  const sum = stage.sum ? `: ${money.format(stage.sum)} ₽` : '';
  const hidden = stage.count - stage.cards.length;
  const element = make('section', { className: 'column' },
    make('div', { className: 'head' },
      make('h2', { textContent: stage.name }),
      make('p', { textContent: `${money.format(stage.count)} ${plural(stage.count)}${sum}` })),
    make('div', { className: 'tiles' }, ...stage.cards.map(tile),
      hidden > 0 ? make('p', { className: 'more', textContent: `и ещё ${money.format(hidden)}` }) : ''));
  element.style.setProperty('--stage', stage.color);
  element.dataset.id = stage.id;
  return element;
}

function plural(count) {
  const tens = count % 100;
  if (tens > 10 && tens < 20) return 'сделок';
  return ['сделок', 'сделка', 'сделки', 'сделки', 'сделки'][count % 10] || 'сделок';
}

function draw(data) {
  document.querySelector('#account').textContent = data.account;
  pipeline = data.pipeline;
  document.querySelector('#pipelines').replaceChildren(...data.pipelines.map((each) => {
    const button = make('button', { textContent: each.name, onclick: () => choose(each.id) });
    button.setAttribute('aria-current', each.id === data.pipeline);
    return button;
  }));
  const tops = new Map([...board.querySelectorAll('.column')].map((each) => [each.dataset.id, each.lastElementChild.scrollTop]));
  const left = board.scrollLeft;
  board.replaceChildren(...data.columns.map(column));
  board.querySelectorAll('.column').forEach((each) => { each.lastElementChild.scrollTop = tops.get(each.dataset.id) || 0; });
  board.scrollLeft = left;
  data.columns.forEach((stage) => stage.cards.forEach((lead) => seen.set(lead.id, lead.key)));
}

function choose(id) {
  pipeline = id;
  version = '';
  seen.clear();
  poll();
}

function fields(list) {
  if (!list.length) return '';
  const dated = new Set(['date', 'birthday', 'date_time']);
  const value = (field, one) => {
    if (dated.has(field.type)) {
      const date = new Date(one * 1000);
      return field.type === 'date_time' ? date.toLocaleString('ru-RU') : date.toLocaleDateString('ru-RU');
    }
    if (typeof one === 'boolean') return one ? 'да' : 'нет';
    return typeof one === 'object' ? JSON.stringify(one) : String(one);
  };
  return make('dl', {}, ...list.flatMap((field) => [
    make('dt', { textContent: field.name }),
    make('dd', {}, ...field.values.map((one) => make('div', { textContent: value(field, one) })))]));
}

function entry(item) {
  const head = make('time', { textContent: `${moment(item.at)} · ${item.by}` });
  if (item.what === 'note') return make('li', {}, head, make('span', { className: 'note', textContent: item.text || item.type }));
  if (item.what === 'task') {
    const state = item.done ? 'выполнена' : `до ${moment(item.until)}`;
    return make('li', {}, head, make('span', { className: 'task', textContent: `${item.text} (${state})` }));
  }
  const name = EVENTS[item.type] || (item.type.startsWith('custom_field') ? 'Поле' : item.type);
  const change = [item.before, item.after].filter(Boolean).join(' → ');
  return make('li', {}, head, change ? `${name}: ${change}` : name);
}

function linked(kind, item) {
  return make('div', { className: 'linked' },
    make('button', { textContent: item.name || 'Без имени', onclick: () => show(kind, item.id) }),
    item.is_main ? make('span', { className: 'main', textContent: 'основной' }) : '',
    fields(item.fields || []));
}

function drawCard(card) {
  const close = make('button', { className: 'close', textContent: '×', onclick: hide, ariaLabel: 'Закрыть' });
  if (card.missing) {
    panel.replaceChildren(close, make('h2', { textContent: 'Карточка удалена' }));
    return;
  }
  const stage = card.status ? make('span', { className: 'stage', textContent: card.status }) : '';
  panel.style.setProperty('--stage', card.color || '#eee');
  panel.replaceChildren(close,
    make('h2', { textContent: card.name || 'Без имени' }),
    make('div', {}, stage, card.price ? make('span', { className: 'sum', textContent: `${money.format(card.price)} ₽` }) : '',
      ...card.tags.map((tag) => make('span', { className: 'tag', textContent: tag }))),
    fields([{ name: 'Ответственный', values: [card.responsible] }, { name: 'Номер', values: [card.id] }, ...card.fields]),
    card.contacts && card.contacts.length ? make('h3', { textContent: 'Контакты' }) : '',
    ...(card.contacts || []).map((each) => linked('contacts', each)),
    card.leads && card.leads.length ? make('h3', { textContent: 'Сделки' }) : '',
    ...(card.leads || []).map((each) => linked('leads', each)),
    make('h3', { textContent: 'История' }),
    make('ol', {}, ...card.timeline.map(entry)));
}

async function show(kind, id) {
  open = { kind, id };
  history.replaceState(null, '', `#${kind}/${id}`);
  drawCard(await ask(`card?kind=${kind}&id=${id}`));
  panel.hidden = false;
}

function hide() {
  open = null;
  panel.hidden = true;
  history.replaceState(null, '', location.pathname);
}

async function poll() {
  const begun = performance.now();
  try {
    const data = await ask(`board?since=${version}&pipeline=${pipeline}`);
    live.textContent = 'обновляется само';
    live.className = '';
    if (data.same) return;
    version = data.version;
    draw(data);
    if (open) drawCard(await ask(`card?kind=${open.kind}&id=${open.id}`));
  } catch {
    live.textContent = 'песочница не отвечает';
    live.className = 'away';
  }
  // A big account takes long to draw up: ask the less often, the longer it took.
  clearTimeout(next);
  next = setTimeout(poll, Math.max(1000, 20 * (performance.now() - begun)));
}

document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
const asked = location.hash.match(/^#(leads|contacts)\/(\d+)$/);
if (asked) show(asked[1], Number(asked[2]));
poll();
