using System.Management.Automation;
using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>The one place where progress records are made: what they say steers no terminal.</summary>
internal static class ProgressText
{
    /// <param name="id">Its id.</param>
    /// <param name="activity">What is being done.</param>
    /// <param name="status">How far it is.</param>
    /// <param name="percent">0 to 100, or -1 when nobody can say.</param>
    /// <param name="secondsLeft">The time left, or -1 when nobody can say.</param>
    /// <param name="parent">The id of the record that it is below, or -1.</param>
    public static ProgressRecord Record(int id, string activity, string status, int percent = -1, int secondsLeft = -1, int parent = -1) =>
        new(id, SafeText.Escape(activity), SafeText.Escape(status)) { PercentComplete = percent, SecondsRemaining = secondsLeft, ParentActivityId = parent };
}
