namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Decides which connection is closed when all places are taken and another peer wants one.</summary>
internal static class Seating
{
    /// <summary>The time in seconds that a new connection gets to prove its worth.</summary>
    private const double Grace = 10;

    /// <summary>The time in seconds after which a connection that neither side uses can be replaced by any other.</summary>
    private const double Patience = 60;

    /// <summary>The time in seconds without data after which a connection that could have had data can be replaced.</summary>
    private const double LongPatience = 600;

    /// <summary>The time in seconds without data after which any connection can be replaced.</summary>
    private const double LongestPatience = 3600;

    /// <summary>A connection with a place.</summary>
    /// <param name="Priority">Its canonical priority (BEP 40); 0 if unknown.</param>
    /// <param name="IsWorking">Whether data is transferred or requested in either direction.</param>
    /// <param name="IsIdle">Whether neither side is interested.</param>
    /// <param name="Seconds">The age of the connection.</param>
    /// <param name="WithoutData">The time since the last data in either direction.</param>
    /// <param name="HadChance">Whether it could have transferred data since, or does not want any.</param>
    internal readonly record struct Seat(uint Priority, bool IsWorking, bool IsIdle, double Seconds, double WithoutData, bool HadChance);

    /// <summary>
    /// The connection to replace: the one with the lowest priority, if that is below the newcomer's, so that in a full swarm all peers have the same chance (BEP 40); but
    /// none with which data is exchanged. Without priorities, one that was useless for a minute.
    /// </summary>
    /// <returns>An index; -1 if there is none.</returns>
    public static int Yields(ReadOnlySpan<Seat> seats, uint comer)
    {
        int lowest = -1;
        for (int i = 0; i < seats.Length; i++)
        {
            Seat seat = seats[i];
            if (seat.IsWorking || seat.Seconds < Grace)
                continue;
            if (lowest < 0 || seat.Priority < seats[lowest].Priority)
                lowest = i;
        }

        return lowest >= 0 && seats[lowest].Priority < comer ? lowest : Idlest(seats);
    }

    /// <summary>
    /// The connection that was useless for longest, but at least a minute; otherwise the one without data for longest, at least ten minutes, although it wanted some and
    /// could have had it. -1 if there is none.
    /// </summary>
    public static int Idlest(ReadOnlySpan<Seat> seats)
    {
        int idlest = -1, unused = -1;
        for (int i = 0; i < seats.Length; i++)
        {
            Seat seat = seats[i];
            if (seat.IsWorking)
                continue;
            if (seat.IsIdle && seat.Seconds >= Patience && (idlest < 0 || seat.Seconds > seats[idlest].Seconds))
                idlest = i;
            if (seat.WithoutData >= (seat.HadChance ? LongPatience : LongestPatience) && (unused < 0 || seat.WithoutData > seats[unused].WithoutData))
                unused = i;
        }

        return idlest >= 0 ? idlest : unused;
    }
}
