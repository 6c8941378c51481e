define(['jquery', 'lib/components/base/modal'], function ($, Modal) {
  'use strict';

  // Priem's widget. It shows frames of the clinic's own Priem and opens them with amoCRM's token; everything that is
  // decided, is decided there. A frame may ask for a few things by name; nothing that comes from it is run.

  var HUB = 'https://priem.example.org';
  var LEAD_AREAS = ['lcard'];
  var LIST_AREAS = ['llist'];
  var MODES = ['book', 'move', 'journal'];

  var CustomWidget = function () {
    var self = this;
    var frames = [];
    var modal = null;

    function language() {
      return (APP.lang_id || 'ru') === 'ru' ? 'ru' : 'en';
    }

    function isArea(areas) {
      var area = String(self.system().area || '');
      return areas.indexOf(area.split('-')[0]) !== -1;
    }

    function leadId() {
      var card = APP.data.current_card;
      return card && card.id ? Number(card.id) : 0;
    }

    function pipelineId() {
      var found = /\/leads\/(?:pipeline|list\/pipeline)\/(\d+)/.exec(window.location.pathname);
      return found ? Number(found[1]) : 0;
    }

    // One token opens one session; amoCRM gives a new token for every request.
    function enter() {
      return self.$authorizedAjax({
        url: HUB + '/widget/enter',
        method: 'POST',
        contentType: 'application/json',
        dataType: 'json',
        data: JSON.stringify({ lead: leadId(), pipeline: pipelineId() })
      });
    }

    function said(problem) {
      var answer = problem && problem.responseJSON;
      return (answer && answer.said) || self.i18n('widget').away;
    }

    function query(values) {
      return Object.keys(values).map(function (name) {
        return name + '=' + encodeURIComponent(values[name]);
      }).join('&');
    }

    function openFrame($where, name, more) {
      return enter().done(function (told) {
        var $frame = $('<iframe class="priem-frame">');
        var shown = $.extend({ session: told.session }, more);
        $frame.attr('title', self.i18n('widget').frame).attr('data-frame', name);
        $frame.attr('src', told.frames[name] + '?lang=' + language() + '#' + query(shown));
        frames.push($frame[0]);
        $where.empty().append($frame);
      }).fail(function (problem) {
        $where.empty().append($('<p class="priem-problem">').text(said(problem)));
      });
    }

    function closeWindow() {
      if (modal) {
        modal.destroy();
        modal = null;
      }
    }

    function openWindow(mode, visit, slot) {
      closeWindow();
      modal = new Modal({
        class_name: 'priem-modal',
        init: function ($body) {
          var $place = $('<div class="priem-widget priem-window">');
          $body.append($place).trigger('modal:loaded').trigger('modal:centrify');
          openFrame($place, 'window', { mode: mode, visit: visit, slot: slot });
        },
        destroy: function () {
          modal = null;
          return true;
        }
      });
    }

    function answer(frame, message) {
      frame.contentWindow.postMessage(message, HUB);
    }

    function renew(frame) {
      enter().done(function (told) {
        answer(frame, { priem: 'session', session: told.session });
      });
    }

    function refreshOthers(source) {
      frames.filter(function (frame) {
        return frame.isConnected && frame !== source;
      }).forEach(function (frame) {
        answer(frame, { priem: 'refresh' });
      });
    }

    function goToLead(id) {
      if (Number(id)) {
        window.location.assign('/leads/detail/' + Number(id));
      }
    }

    function obey(frame, message) {
      switch (message.priem) {
        case 'height':
          if (frame.getAttribute('data-frame') !== 'window') {
            frame.style.height = Math.min(Number(message.height) || 0, 2000) + 'px';
          }
          break;
        case 'open':
          openWindow(MODES.indexOf(message.mode) > 0 ? message.mode : MODES[0], String(message.visit || ''), String(message.slot || ''));
          break;
        case 'ready':
          if (frame.getAttribute('data-frame') === 'window') {
            frame.focus();
          }
          break;
        case 'session':
          renew(frame);
          break;
        case 'changed':
          refreshOthers(frame);
          break;
        case 'lead':
          goToLead(message.lead);
          break;
        case 'close':
          closeWindow();
          break;
        default:
          break;
      }
    }

    function hear(event) {
      var frame = frames.filter(function (each) {
        return each.contentWindow === event.source;
      })[0];
      if (event.origin === HUB && frame && event.data) {
        obey(frame, event.data);
      }
    }

    function drawCard() {
      self.render_template({
        caption: { class_name: 'priem-caption' },
        body: '<div class="priem-widget priem-panel"></div>',
        render: ''
      });
    }

    function drawList() {
      self.render_template({
        caption: { class_name: 'priem-caption' },
        body: '<div class="priem-widget priem-list"></div>',
        render: ''
      });
    }

    // The hub says whether this pipeline's list has the journal, and whether this user may see it.
    function drawJournal() {
      var texts = self.i18n('widget');
      enter().done(function (told) {
        var $shown = told.journal ? $('<button type="button" class="priem-journal">').text(texts.journal) : $('<p>').text(texts.no_journal);
        $('.priem-list').empty().append($shown);
      }).fail(function (problem) {
        $('.priem-list').empty().append($('<p class="priem-problem">').text(said(problem)));
      });
    }

    // The consent that amoCRM's rules want before anything is sent: kept in the input of the custom field.
    function drawConsent($body) {
      var $input = $body.find('input[id$="_custom"]');
      var $box = $('<input type="checkbox">').prop('checked', $input.val() === '1').on('change', function () {
        $input.val($box.prop('checked') ? '1' : '').trigger('change');
      });
      $body.find('[id$="_custom_content"]').empty().append($('<label class="priem-consent">').append($box, ' ', self.i18n('settings').oferta));
    }

    this.callbacks = {
      render: function () {
        if (isArea(LEAD_AREAS)) {
          drawCard();
        } else if (isArea(LIST_AREAS)) {
          drawList();
        }
        return true;
      },

      init: function () {
        var $panel = $('.priem-panel');
        if (isArea(LIST_AREAS)) {
          drawJournal();
        }
        if (!isArea(LEAD_AREAS)) {
          return true;
        }
        if (leadId()) {
          openFrame($panel, 'panel', {});
        } else {
          $panel.text(self.i18n('widget').unsaved);
        }
        return true;
      },

      bind_actions: function () {
        window.addEventListener('message', hear);
        $(document).off('click.priem').on('click.priem', '.priem-journal', function () {
          openWindow('journal', '', '');
        });
        return true;
      },

      settings: function ($body) {
        $body.find('.priem-about').remove();
        $body.append($('<p class="priem-widget priem-about">').text(self.i18n('widget').after_install));
        drawConsent($body);
        return true;
      },

      onSave: function () {
        return true;
      },

      advancedSettings: function () {
        var $place = $('<div class="priem-widget priem-settings">');
        $('#list_page_holder').empty().append($place);
        window.addEventListener('message', hear);
        openFrame($place, 'settings', {});
        return true;
      },

      dpSettings: function () {
        var texts = self.i18n('dp');
        var $input = $('input[name="action"]', '.digital-pipeline__short-task_widget-style_' + self.get_settings().widget_code);
        var $select = $('<select class="priem-action">').attr('aria-label', texts.action);
        ['confirm', 'cancel', 'arrived', 'completed', 'no_show', 'apply'].forEach(function (name) {
          $select.append($('<option>').attr('value', name).text(texts[name]));
        });
        $input.hide().after($select);
        $select.val($input.val() || 'confirm').on('change', function () {
          $input.val($select.val()).trigger('change');
        });
        $input.val($select.val()).trigger('change');
        return true;
      },

      destroy: function () {
        window.removeEventListener('message', hear);
        $(document).off('click.priem');
        closeWindow();
        frames = [];
      }
    };

    return this;
  };

  return CustomWidget;
});
