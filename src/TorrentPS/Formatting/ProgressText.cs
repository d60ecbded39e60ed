using System.Management.Automation;
using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>The one place where progress records are created: their text is safe for a terminal.</summary>
internal static class ProgressText
{
    /// <param name="id">Its id.</param>
    /// <param name="activity">The activity.</param>
    /// <param name="status">The progress in words.</param>
    /// <param name="percent">0 to 100, or -1 if unknown.</param>
    /// <param name="secondsLeft">The time left, or -1 if unknown.</param>
    /// <param name="parent">The id of the parent record, or -1.</param>
    public static ProgressRecord Record(int id, string activity, string status, int percent = -1, int secondsLeft = -1, int parent = -1) =>
        new(id, SafeText.Escape(activity), SafeText.Escape(status)) { PercentComplete = percent, SecondsRemaining = secondsLeft, ParentActivityId = parent };

    /// <summary>Creates the record that removes another.</summary>
    /// <param name="id">The id of both.</param>
    /// <param name="activity">The activity.</param>
    /// <param name="status">The last progress in words.</param>
    public static ProgressRecord End(int id, string activity, string status)
    {
        ProgressRecord end = Record(id, activity, status);
        end.RecordType = ProgressRecordType.Completed;
        return end;
    }
}
