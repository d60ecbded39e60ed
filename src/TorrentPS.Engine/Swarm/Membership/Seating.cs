namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Who gives up the place when all are taken and another wants one.</summary>
internal static class Seating
{
    /// <summary>Seconds for which a connection is left to show what it is worth.</summary>
    private const double Grace = 10;

    /// <summary>Seconds after which one that neither side has a use for can go for any other.</summary>
    private const double Patience = 60;

    /// <summary>Seconds without data after which any can go that has had its chance.</summary>
    private const double LongPatience = 600;

    /// <summary>Seconds without data after which any can go.</summary>
    private const double LongestPatience = 3600;

    /// <summary>One who has a place.</summary>
    /// <param name="Priority">Its canonical priority (BEP 40); 0 when that is not known.</param>
    /// <param name="IsWorking">Whether data goes either way, or is asked for.</param>
    /// <param name="IsIdle">Whether neither side wants anything of the other.</param>
    /// <param name="Seconds">How long it has had it.</param>
    /// <param name="WithoutData">How long no data has gone either way.</param>
    /// <param name="HadChance">Whether it could have had data since, or wants none.</param>
    internal readonly record struct Seat(uint Priority, bool IsWorking, bool IsIdle, double Seconds, double WithoutData, bool HadChance);

    /// <summary>
    /// Who makes room for one who comes: the one with the lowest priority, when that is below the comer's, so that in a full swarm all have the
    /// same chance (BEP 40); but nobody with whom data is exchanged. Where priorities say nothing, one of no use for a minute.
    /// </summary>
    /// <returns>An index; -1 when nobody makes room.</returns>
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
    /// The one that has been of no use for longest, but at least a minute; else the one with whom no data was exchanged for longest, though it wanted some
    /// and could have had it, but at least ten minutes. -1 when there is none.
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
