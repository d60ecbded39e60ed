using System.Text;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Trackers;

/// <summary>Creates the errors of trackers, each with its address.</summary>
internal static class TrackerErrors
{
    private const int LongestText = 500;

    // Some trackers append a NUL to their text.
    private static readonly char[] s_blanks = [' ', '\t', '\r', '\n', '\0'];

    public static TorrentException Unreachable(Uri tracker, string reason, Exception? inner = null) =>
        new(TorrentErrorId.TrackerUnreachable, $"Tracker {AddressText.Of(tracker)} cannot be used: {reason}.", inner);

    /// <summary>A failure reason, beginning with the tracker's own text.</summary>
    public static TorrentException Failure(Uri tracker, ReadOnlySpan<byte> text) =>
        new(TorrentErrorId.TrackerFailure, $"{Clean(text)} (tracker {AddressText.Of(tracker)})");

    /// <summary>Makes a tracker's text safe to show, and limits its length.</summary>
    public static string Clean(ReadOnlySpan<byte> utf8)
    {
        string result = SafeText.Shorten(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 4 * LongestText)]).Trim(s_blanks), LongestText);
        return result.Length == 0 ? "the tracker gave no reason" : result;
    }
}
