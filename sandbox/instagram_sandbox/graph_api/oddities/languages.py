"""The texts of errors in other languages.

Graph API: error handling. Meta writes the texts of errors in the language of the token's owner;
`code` and `error_subcode` do not change.
"""

from __future__ import annotations

import re
from functools import lru_cache

_GERMAN = {
    # Tokens and logins
    "An active access token must be used to query information about the current user.": (
        "Zum Abfragen von Informationen über den aktuellen Nutzer ist ein aktiver "
        "Zugriffsschlüssel erforderlich."
    ),
    "Invalid OAuth access token - Cannot parse access token": (
        "Ungültiger OAuth-Zugriffsschlüssel: Zugriffsschlüssel kann nicht gelesen werden"
    ),
    "Error validating access token: Session has expired on {1}. The current time is {2}.": (
        "Fehler beim Prüfen des Zugriffsschlüssels: Die Sitzung ist am {1} abgelaufen. Die "
        "aktuelle Uhrzeit ist {2}."
    ),
    "Error validating access token: {1}": "Fehler beim Prüfen des Zugriffsschlüssels: {1}",
    "The user has not authorized application.": "Der Nutzer hat die App nicht autorisiert.",
    "The session has been invalidated because the user changed their password or Facebook has "
    "changed the session for security reasons.": (
        "Die Sitzung ist ungültig, weil der Nutzer sein Passwort geändert hat oder Facebook die "
        "Sitzung aus Sicherheitsgründen geändert hat."
    ),
    "The session has been invalidated.": "Die Sitzung ist ungültig.",
    "Session has expired.": "Die Sitzung ist abgelaufen.",
    "The session is invalid.": "Die Sitzung ist nicht gültig.",
    "The user must be an administrator, editor, or moderator of the page.": (
        "Der Nutzer muss Administrator, Redakteur oder Moderator der Seite sein."
    ),
    "API calls from the server require an appsecret_proof argument": (
        "API-Aufrufe vom Server erfordern ein Argument appsecret_proof"
    ),
    "Invalid appsecret_proof provided in the API argument": (
        "Ungültiger appsecret_proof im API-Argument"
    ),
    "Error validating application. Cannot get application info.": (
        "Fehler beim Prüfen der App. App-Informationen können nicht abgerufen werden."
    ),
    "Error validating client secret.": "Fehler beim Prüfen des geheimen Client-Schlüssels.",
    "Error validating verification code. Please make sure your redirect_uri is identical to the "
    "one you used in the OAuth dialog request": (
        "Fehler beim Prüfen des Codes. Die redirect_uri muss mit der im OAuth-Dialog übereinstimmen"
    ),
    "This authorization code has expired.": "Dieser Autorisierungscode ist abgelaufen.",
    "This authorization code has been used.": "Dieser Autorisierungscode wurde bereits verwendet.",
    "Invalid platform app, or no redirect_uri": "Ungültige App oder keine redirect_uri",
    "Invalid Scopes: {1}": "Ungültige Berechtigungen: {1}",
    "Unsupported grant_type": "Nicht unterstützter grant_type",
    "Session key invalid. This could be because the session key has an incorrect format, or "
    "because the user has revoked it": (
        "Ungültiger Sitzungsschlüssel. Er hat ein falsches Format oder der Nutzer hat ihn "
        "widerrufen"
    ),
    "The access token must be long-lived and at least 24 hours old to be refreshed": (
        "Nur ein langlebiger, mindestens 24 Stunden alter Zugriffsschlüssel kann erneuert werden"
    ),
    "You must provide an input_token": "Du musst einen input_token angeben",
    # Permissions and objects
    "Application does not have permission for this action": (
        "Die App hat keine Berechtigung für diese Aktion"
    ),
    "Permissions error": "Berechtigungsfehler",
    "Requires business_management permission to manage the object.": (
        "Zum Verwalten des Objekts ist die Berechtigung business_management erforderlich."
    ),
    "Not enough viewers for the media to show insights": (
        "Nicht genügend Zuschauer, um Insights für dieses Medium anzuzeigen"
    ),
    "Unsupported {1} request. Object with ID '{2}' does not exist, cannot be loaded due to missing "
    "permissions, or does not support this operation. Please read the Graph API documentation at "
    "{3}": (
        "Nicht unterstützte Anfrage ({1}). Das Objekt mit der ID „{2}“ ist nicht vorhanden, kann "
        "wegen fehlender Berechtigungen nicht geladen werden oder unterstützt diesen Vorgang "
        "nicht. Lies die Dokumentation der Graph API unter {3}"
    ),
    "Some of the aliases you requested do not exist: {1}": (
        "Einige der angeforderten Aliasse sind nicht vorhanden: {1}"
    ),
    "The Instagram user is not available": "Der Instagram-Nutzer ist nicht verfügbar",
    "Video content was not found": "Der Videoinhalt wurde nicht gefunden",
    "Media posted before business account conversion": (
        "Medium wurde vor der Umwandlung in ein Unternehmenskonto gepostet"
    ),
    "The media was posted before the most recent time that the user's account was converted to a "
    "business account from a personal account.": (
        "Das Medium wurde gepostet, bevor das Konto des Nutzers zuletzt von einem persönlichen "
        "Konto in ein Unternehmenskonto umgewandelt wurde."
    ),
    # Parameters
    "Invalid parameter": "Ungültiger Parameter",
    "{1} must be one of the following values: {2}": "{1} muss einer der folgenden Werte sein: {2}",
    "Tried accessing nonexisting field ({1}) on node type ({2})": (
        "Zugriff auf nicht vorhandenes Feld ({1}) des Knotentyps ({2})"
    ),
    "The view_count field is available through business discovery only": (
        "Das Feld view_count ist nur über Business Discovery verfügbar"
    ),
    "The parameter timeframe is required for metric ({1})": (
        "Der Parameter timeframe ist für die Metrik ({1}) erforderlich"
    ),
    "The parameter {1} is required": "Der Parameter {1} ist erforderlich",
    "{1} param must be a valid unix timestamp or strtotime string": (
        "Der Parameter {1} muss ein gültiger Unix-Zeitstempel oder eine strtotime-Zeichenfolge sein"
    ),
    "until param must not be before since param": (
        "Der Parameter until darf nicht vor dem Parameter since liegen"
    ),
    "The 'limit' parameter should be a positive number": (
        "Der Parameter „limit“ muss eine positive Zahl sein"
    ),
    "param batch must be an array.": "Der Parameter batch muss ein Array sein.",
    "Invalid cursor": "Ungültiger Cursor",
    "Too many IDs. Maximum: {1}. Provided: {2}.": "Zu viele IDs. Höchstens: {1}. Angegeben: {2}.",
    "Too many requests in batch message. Maximum batch size is {1}": (
        "Zu viele Anfragen im Batch. Die maximale Größe ist {1}"
    ),
    "Unknown path components: {1}": "Unbekannte Pfadbestandteile: {1}",
    "Syntax error in the field list: {1}": "Syntaxfehler in der Feldliste: {1}",
    # Insights
    "The Media Insights API does not support the {1} metric for this media product type.": (
        "Die Media Insights API unterstützt die Metrik {1} für diesen Produkttyp nicht."
    ),
    "Starting from version v22.0 and above, the {1} metric is no longer supported for the queried "
    "media. For more information, please refer to the changelog.": (
        "Ab Version v22.0 wird die Metrik {1} für die abgefragten Medien nicht mehr unterstützt. "
        "Weitere Informationen findest du im Änderungsprotokoll."
    ),
    "The following metric ({1}) is incompatible with the metric type ({2})": (
        "Die folgende Metrik ({1}) ist nicht mit dem Metriktyp ({2}) kompatibel"
    ),
    "The following metrics ({1}) should be specified with parameter metric_type=total_value": (
        "Die folgenden Metriken ({1}) müssen mit dem Parameter metric_type=total_value angegeben "
        "werden"
    ),
    "Incompatible metrics ({1}) with period ({2})": (
        "Die Metriken ({1}) sind nicht mit dem Zeitraum ({2}) kompatibel"
    ),
    "Incompatible metric_type ({1}) for metric ({2})": (
        "Der metric_type ({1}) ist nicht mit der Metrik ({2}) kompatibel"
    ),
    "Incompatible breakdowns ({1}) for metric ({2})": (
        "Die Aufschlüsselungen ({1}) sind nicht mit der Metrik ({2}) kompatibel"
    ),
    "since param is not valid. Metrics data is available for the last 2 years": (
        "Der Parameter since ist nicht gültig. Metrikdaten sind für die letzten 2 Jahre verfügbar"
    ),
    "The requested time range is not available.": (
        "Der angeforderte Zeitraum ist nicht verfügbar."
    ),
    "There cannot be more than 30 days (2592000 s) between since and until": (
        "Zwischen since und until dürfen nicht mehr als 30 Tage (2592000 s) liegen"
    ),
    "({1}) metric only supports querying data for the last 30 days excluding the current day": (
        "Die Metrik ({1}) unterstützt nur Abfragen für die letzten 30 Tage ohne den aktuellen Tag"
    ),
    # Trouble and limits
    "Fatal": "Schwerwiegender Fehler",
    "An unknown error has occurred.": "Ein unbekannter Fehler ist aufgetreten.",
    "An unknown error occurred": "Es ist ein unbekannter Fehler aufgetreten",
    "An unexpected error has occurred. Please retry your request later.": (
        "Ein unerwarteter Fehler ist aufgetreten. Bitte wiederhole deine Anfrage später."
    ),
    "Request aborted. This could happen if a dependent request failed or the entire request timed "
    "out.": (
        "Anfrage abgebrochen. Eine abhängige Anfrage ist fehlgeschlagen oder die gesamte Anfrage "
        "hat zu lange gedauert."
    ),
    "Please reduce the amount of data you're asking for, then retry your request": (
        "Bitte verringere die angefragte Datenmenge und wiederhole dann deine Anfrage"
    ),
    "The action attempted has been deemed abusive.": (
        "Die versuchte Aktion wurde als missbräuchlich eingestuft."
    ),
    "Application request limit reached": "Anfragelimit der App erreicht",
    "Application limit reached": "Limit der App erreicht",
    "User request limit reached": "Anfragelimit des Nutzers erreicht",
    "Page request limit reached": "Anfragelimit der Seite erreicht",
    "Calls to this api have exceeded the rate limit.": (
        "Die Aufrufe dieser API haben das Limit überschritten."
    ),
    "There have been too many calls to this Instagram account. Wait a bit and try again. For more "
    "info, please refer to {1}": (
        "Es gab zu viele Aufrufe für dieses Instagram-Konto. Warte etwas und versuche es erneut. "
        "Weitere Informationen findest du unter {1}"
    ),
}
"""German texts by English texts; {1} and {2} stand for the parts that differ."""

_JAPANESE = "リクエストを処理できませんでした。しばらくしてからもう一度お試しください。"
"""A text that tells nothing: neither a metric, nor a field, nor a reason."""


def translate(text: str, language: str) -> str:
    """Translate the text of an error.

    Args:
        text: The English text, which may begin with a code: `(#100) …`.
        language: `german` or `japanese`.

    Returns:
        The translation, or the same text if it is unknown.
    """
    code, rest = _parts(text)
    return code + (_JAPANESE if language == "japanese" else _in_german(rest))


def _parts(text: str) -> tuple[str, str]:
    found = re.match(r"\(#-?\d+\) ", text)
    return (found[0], text[found.end() :]) if found else ("", text)


@lru_cache(maxsize=1024)
def _in_german(text: str) -> str:
    for english, german in _GERMAN.items():
        pattern = re.sub(r"\\{\d\\}", "(.*)", re.escape(english))
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found is not None:
            # str.format counts from 0, the places in the texts count from 1.
            return german.format("", *map(_in_german, found.groups()))
    return text
