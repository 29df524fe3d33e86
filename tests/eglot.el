;; Opens a file with a finding, applies the preferred code action on it, and writes down what was seen.
;; Emacs 28 with the package eglot, or 29 and newer; $SERVER is the server's command, $SEEN the place of the answer.

(package-initialize)
(require 'eglot)
(require 'flymake)
(require 'json)

(defun until (holds)
  "Waits until HOLDS says yes; nil when it never does."
  (let ((deadline (+ (float-time) 30)) yes)
    (while (and (not (setq yes (funcall holds))) (< (float-time) deadline))
      (accept-process-output nil 0.05))
    (and yes t)))

(defun texts ()
  (vconcat (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))

(defun offered (&rest asked)
  "Answers like one who only presses RET."
  (let ((default (nth 6 asked)))
    (if (consp default) (car default) default)))

(let ((command (append (json-parse-string (getenv "SERVER")) nil))
      (enable-local-variables nil)
      seen)
  (setq eglot-server-programs (list (cons 'python-mode command))
        eglot-sync-connect 30
        eglot-confirm-server-initiated-edits nil
        flymake-no-changes-timeout 0.1
        make-backup-files nil)
  (find-file "wait.py")
  (python-mode)
  (apply #'eglot (list '(python-mode) (cons 'transient default-directory) 'eglot-lsp-server command "python"))
  (push (cons 'managed (if (eglot-managed-p) t :json-false)) seen)
  (push (cons 'came (if (until (lambda () (flymake-start) (flymake-diagnostics))) t :json-false)) seen)
  (push (cons 'before (texts)) seen)
  (let ((first (car (flymake-diagnostics))))
    (when first
      (goto-char (flymake-diagnostic-beg first))
      (push (cons 'shown (buffer-substring-no-properties (flymake-diagnostic-beg first) (flymake-diagnostic-end first)))
            seen)
      (cl-letf ((last-nonmenu-event ?\r)  ; by the keyboard, not in a menu
                ((symbol-function 'completing-read) #'offered))
        (eglot-code-actions (flymake-diagnostic-beg first) (flymake-diagnostic-end first) "quickfix" t))
      (save-buffer)))  ; changes are told when Emacs is idle, which it never is here, or when something is asked or saved
  (push (cons 'went (if (until (lambda () (flymake-start) (null (flymake-diagnostics)))) t :json-false)) seen)
  (push (cons 'after (texts)) seen)
  (push (cons 'text (buffer-substring-no-properties (point-min) (point-max))) seen)
  (set-buffer-modified-p nil)
  (let ((coding-system-for-write 'utf-8))
    (with-temp-file (getenv "SEEN") (insert (json-encode seen))))
  (ignore-errors (eglot-shutdown (eglot-current-server))))
