using TorrentPS.Engine.Display;

namespace TorrentPS.Engine.Errors;

/// <summary>The one exception that the engine throws for input, peers, trackers and disks that are not as they should be.</summary>
public class TorrentException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="errorId">What went wrong, by its stable identifier.</param>
    /// <param name="message">What went wrong, where, and what to do about it. What must not be shown of it is escaped.</param>
    /// <param name="innerException">What caused it, if it was caused by another exception.</param>
    public TorrentException(TorrentErrorId errorId, string message, Exception? innerException = null)
        : base(SafeText.Escape(message), innerException) => ErrorId = errorId;

    /// <summary>What went wrong, by its stable identifier.</summary>
    public TorrentErrorId ErrorId { get; }
}
