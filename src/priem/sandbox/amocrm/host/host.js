'use strict';

// What amoCRM's own page does around a widget, as far as docs/reference/amocrm.md §5.3 tells.

const place = location.pathname;
const leadId = Number((place.match(/^\/leads\/detail\/(\d+)/) || [])[1] || 0);
const pipelineId = Number((place.match(/^\/leads\/pipeline\/(\d+)/) || [])[1] || 0);
const isWidgets = place.startsWith('/settings/widgets');
const isPipeline = place.startsWith('/settings/pipeline');
const isSettings = place.startsWith('/settings/') && !isWidgets && !isPipeline;
const work = document.querySelector('#work');
let user = Number(localStorage.getItem('sandbox.user')) || 0;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== ''));
  return element;
}

async function ask(path, body) {
  const options = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const answer = await fetch(`/_sandbox/${path}`, options);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

function load() {
  return ask(`host?lead=${leadId}&pipeline=${pipelineId}`);
}

function value(field, one) {
  if (field.type === 'date_time') return new Date(one * 1000).toLocaleString('ru-RU');
  if (['date', 'birthday'].includes(field.type)) return new Date(one * 1000).toLocaleDateString('ru-RU');
  return String(one);
}

function drawCard(card) {
  const rows = [...card.fields, ...(card.contacts || []).flatMap((each) => [{ name: 'Контакт', values: [each.name] }, ...each.fields])];
  const stage = make('span', { className: 'stage', textContent: card.status || '' });
  stage.style.background = card.color || '#eee';
  work.replaceChildren(make('h1', { textContent: card.name || `Сделка № ${card.id}` }), stage,
    make('dl', {}, ...rows.flatMap((field) => [make('dt', { textContent: field.name }), make('dd', { textContent: field.values.map((one) => value(field, one)).join(', ') })])),
    make('ol', {}, ...card.timeline.slice(0, 12).map((item) => make('li', {}, make('time', { textContent: `${new Date(item.at * 1000).toLocaleString('ru-RU')} · ${item.by}` }), item.text || [item.before, item.after].filter(Boolean).join(' → ') || item.type))));
}

function drawList(data) {
  const tabs = data.pipelines.map((each) => make('a', { href: `/leads/pipeline/${each.id}`, textContent: each.name }));
  work.replaceChildren(make('h1', { textContent: 'Сделки' }), make('p', {}, ...tabs.flatMap((tab) => [tab, ' '])),
    make('ul', {}, ...(data.leads || []).map((lead) => make('li', {}, make('a', { href: `/leads/detail/${lead.id}`, textContent: lead.name || `Сделка № ${lead.id}` })))));
}

// A person puts the lead into another stage: this is what sets off the digital pipeline.
function drawMover(data) {
  const stages = data.pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => make('option', { value: `${pipeline.id}:${stage.id}`, textContent: `${pipeline.name}: ${stage.name}` })));
  const select = make('select', { id: 'mover' }, ...stages);
  select.onchange = async () => {
    const [pipeline, status] = select.value.split(':').map(Number);
    await ask('act', { act: 'move_stage', lead_id: leadId, pipeline_id: pipeline, status_id: status, by: user });
    draw(await load());
  };
  document.querySelector('header .mark').after(make('label', {}, 'Этап ', select));
}

function showPlace(data) {
  const select = document.querySelector('#mover');
  if (select && data.place && document.activeElement !== select) select.value = `${data.place.pipeline}:${data.place.status}`;
}

function draw(data) {
  showPlace(data);
  if (isSettings) work.replaceChildren(make('div', { id: 'list_page_holder' }));
  else if (leadId && data.card) drawCard(data.card);
  else if (!isWidgets && !isPipeline) drawList(data);
}

function areaName() {
  if (isWidgets) return 'settings';
  if (isPipeline) return 'digital_pipeline';
  if (isSettings) return 'advanced-settings';
  return leadId ? 'lcard' : 'llist';
}

function appOf(data) {
  return {
    lang_id: document.documentElement.lang,
    data: { current_card: leadId ? { id: leadId, model: {} } : false, current_list: leadId || place.startsWith('/settings/') ? false : {}, current_view: {} },
    isCard: () => Boolean(leadId),
    getBaseEntity: () => 'leads',
    getWidgetsArea: () => (leadId ? 'leads_card' : isSettings ? 'advanced-settings:priem' : isWidgets ? 'widgetsSettings' : 'leads'),
    constant: (name) => ({ user: data.users.find((each) => each.id === user), account: data.account, managers: data.users })[name],
    notifications: { add_error: () => {} },
  };
}

define('lib/components/base/modal', ['jquery'], ($) => function Modal(options) {
  const $shade = $('<div class="modal">').addClass(options.class_name);
  const $body = $('<div class="modal-body">').appendTo($shade);
  this.destroy = () => {
    if (!$shade[0].isConnected) return;
    $shade.remove();
    if (options.destroy) options.destroy();
  };
  $shade.on('click', (event) => { if (event.target === $shade[0]) this.destroy(); });
  $('body').append($shade);
  options.init($body);
});

function baseOf($, data) {
  const texts = data.widget.texts[document.documentElement.lang] || data.widget.texts.ru;
  const widget = data.widget.manifest.widget;
  return {
    langs: texts,
    params: { path: '/widget-files', widget_code: 'priem' },
    system: () => ({ area: areaName(), amouser_id: user, amouser: '', subdomain: data.account.subdomain }),
    get_settings: () => ({ widget_code: 'priem', path: '/widget-files', version: widget.version }),
    set_settings: () => {},
    get_version: () => widget.version,
    get_install_status: () => 'installed',
    i18n: (key) => key.split('.').reduce((found, name) => (found ? found[name] : undefined), texts),
    render_template: ({ caption, body }) => {
      $('#widgets').append($('<section class="card-widgets__widget">').append($('<div class="card-widgets__widget__caption">').addClass(caption.class_name).text(texts.widget.name), $('<div class="card-widgets__widget__body">').html(body)));
    },
    $authorizedAjax: (options) => {
      const asked = $.Deferred();
      ask('disposable-token', { user_id: user }).then(({ token }) => {
        $.ajax({ ...options, headers: { ...options.headers, 'X-Auth-Token': token } }).then(asked.resolve, asked.reject);
      }, asked.reject);
      return asked.promise();
    },
  };
}

function start(data) {
  if (!data.widget) {
    document.querySelector('#widgets').append(make('p', { textContent: 'Виджет не установлен.' }));
    return;
  }
  const locations = data.widget.manifest.locations.map((each) => each.split('-')[0]);
  if (!isSettings && !locations.includes(areaName())) return;
  if (data.widget.has_style) document.head.append(make('link', { rel: 'stylesheet', href: '/widget-files/style.css' }));
  requirejs.config({ baseUrl: '/widget-files', paths: { jquery: '/host/vendor/jquery.min' } });
  requirejs(['jquery', 'script'], ($, CustomWidget) => {
    CustomWidget.prototype = baseOf($, data);
    const widget = new CustomWidget();
    const { callbacks } = widget;
    window.sandboxWidget = widget;
    performance.mark('widget:entered');
    if (isSettings) callbacks.advancedSettings();
    else if (isWidgets) drawWidgets(data, widget);
    else if (isPipeline) drawPipeline(data, widget);
    else if (callbacks.render() === true && callbacks.bind_actions() === true) callbacks.init();
    window.addEventListener('pagehide', () => callbacks.destroy());
  });
}

async function begin() {
  const data = await load();
  if (!leadId && !pipelineId && !place.startsWith('/settings/')) {
    location.replace(`/leads/pipeline/${data.pipelines[0].id}`);
    return;
  }
  const select = document.querySelector('#user');
  user = data.users.some((each) => each.id === user) ? user : data.users[0].id;
  select.append(...data.users.map((each) => make('option', { value: each.id, textContent: each.name, selected: each.id === user })));
  select.onchange = () => { localStorage.setItem('sandbox.user', select.value); location.reload(); };
  window.APP = appOf(data);
  if (leadId && data.card) drawMover(data);
  draw(data);
  start(data);
  if (leadId) setInterval(async () => draw(await load()), 2000);
}

begin();
